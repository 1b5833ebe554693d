"""schemathesis runs the sandbox against its own OpenAPI document: what it serves is what it describes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox_process import KEY, SandboxProcess

DOCUMENT = "/api/v1/openapi.json"
EXAMPLES = 25
"""Generated calls of one operation in each phase; all phases together take about 15 s."""

RULES_OF_MODELS = "positive_data_acceptance"
"""The one check left out: what a model takes beyond its types is not in the document, as it is not in the
gateway's own."""


def test_the_sandbox_keeps_to_its_own_document(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with SandboxProcess(speed=1000, arguments=("--credits", "1000000")) as own:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{own.url}{DOCUMENT}"),
                *("--header", f"Authorization: Bearer {KEY}"),
                *("--checks", "all", "--exclude-checks", RULES_OF_MODELS, "--continue-on-failure"),
                *("--generation-deterministic", "--max-examples", str(EXAMPLES), "--no-color"),
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
        paths = own.get(DOCUMENT, key=None).json()["paths"]
        answered = own.requests()
        assert "Traceback" not in own.errors()
    # Ids are found by following links, which not every release does of an upload.
    operations = {(method.upper(), path) for path in paths if "{" not in path for method in paths[path]}
    served = {(entry["method"], entry["path"]) for entry in answered if entry["status"] in (200, 201)}
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
