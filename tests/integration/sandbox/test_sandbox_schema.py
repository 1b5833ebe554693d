"""schemathesis runs the sandbox against its own OpenAPI document: what it serves is what it describes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.wire_tools import create, picture, upload
from tests.sandbox_process import KEY, SandboxProcess

DOCUMENT = "/api/v1/openapi.json"
EXAMPLES = 25
"""Generated calls of one operation in each phase; all phases together take about 15 s."""

RULES_OF_MODELS = "positive_data_acceptance"
"""The one check left out: what a model takes beyond its types is not in the document, as it is not in the
gateway's own."""


def own_document(sandbox: SandboxProcess) -> dict[str, Any]:
    """
    Return the sandbox's document, with ids that exist as the examples of the paths that have one.

    Without them an id is found by following a link alone, which not every release does of an upload.
    """
    document: dict[str, Any] = sandbox.get(DOCUMENT, key=None).json()
    existing = {
        "taskId": create(sandbox).json()["id"],
        "fileId": upload(sandbox, picture()).json()["id"],
    }
    by_id = [path for path in document["paths"] if "{" in path]
    for path in by_id:
        for operation in document["paths"][path].values():
            for parameter in operation["parameters"]:
                parameter["example"] = existing[parameter["name"]]
    assert len(by_id) == len(existing)
    return document


def template_of(path: str, templates: Iterable[str]) -> str | None:
    """Return the path of the document that a request's path is one of."""
    return next((t for t in templates if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", t), path)), None)


def test_the_sandbox_keeps_to_its_own_document(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with SandboxProcess(speed=1000, arguments=("--credits", "1000000")) as own:
        document = own_document(own)
        (tmp_path / "document.json").write_text(json.dumps(document))
        before = len(own.requests())
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", "document.json", "--url", own.url),
                *("--header", f"Authorization: Bearer {KEY}"),
                *("--checks", "all", "--exclude-checks", RULES_OF_MODELS, "--continue-on-failure"),
                *("--generation-deterministic", "--max-examples", str(EXAMPLES), "--no-color"),
                # The stateful phase is never the same twice, and may send headers that are no HTTP.
                *("--phases", "examples,coverage,fuzzing"),
                *(
                    "--generation-allow-x00",
                    "false",
                ),  # in a header it is no HTTP: the server itself refuses it
            ],
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        answered = own.requests()[before:]
        assert "Traceback" not in own.errors()
    paths = document["paths"]
    operations = {(method.upper(), path) for path in paths for method in paths[path]}
    served = {
        (entry["method"], template_of(entry["path"], paths))
        for entry in answered
        if entry["status"] in (200, 201)
    }
    assert operations <= served, "nothing but refusals was tried"
    assert len(answered) > EXAMPLES * len(paths)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--b--\r\n"),
        ("multipart/form-data; boundary=", b"--b--\r\n"),
        ("multipart/form-data; boundary=other", b"--b--\r\n"),
        ("multipart/form-data; boundary=b", b"nonsense"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
    ],
)
def test_nonsense_for_multipart_is_refused(sandbox: SandboxProcess, content_type: str, body: bytes) -> None:
    answer = sandbox.request("POST", "/api/v1/files", body=body, headers={"Content-Type": content_type})
    assert (answer.status, answer.error_code) == (400, "validation_failed")
    assert "The multipart body cannot be read" in answer.json()["error"]["message"]
