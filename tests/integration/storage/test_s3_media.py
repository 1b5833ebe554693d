"""Files of a bucket in Airflow's UI: by a URL of the store's, for a minute, and as what their bytes are."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from tests.integration.storage.conftest import Store
from tests.unit.media.samples import encoded

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = pytest.mark.filterwarnings("default")


def test_a_file_is_shown_by_a_url_that_works_for_a_minute(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi import HTTPException

    from airflow_provider_rivya.plugin.media import _answer

    monkeypatch.setenv("AIRFLOW__RIVYA__UI_MEDIA_ROOTS", "s3://store@bucket/run")
    picture = encoded(16, 8, "PNG")
    for name in ("run/a.bin", "other/a.png", "running/a.png"):
        s3.put(name, picture)
    s3.put("run/script.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    answer = _answer("s3://bucket/run/a.bin")
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "private, no-store")
    url = answer.headers["location"]
    asked = parse_qs(urlsplit(url).query)
    ends = asked.get("Expires")
    assert asked.get("X-Amz-Expires") == ["60"] or (ends and int(ends[0]) <= time.time() + 60)
    assert asked["response-content-type"] == ["image/png"]  # older servers of the tests do not heed it
    with urlopen(url, timeout=30) as fetched:  # noqa: S310 - of the store on loopback
        assert fetched.read() == picture
    for wrong in ("run/script.png", "other/a.png", "running/a.png", "run/nothing.png"):
        with pytest.raises(HTTPException) as caught:
            _answer(f"s3://bucket/{wrong}")
        assert caught.value.status_code == 404
