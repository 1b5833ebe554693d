"""A folder in a bucket, and every way in which a bucket cannot be used, with what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.integration.storage.conftest import Store

FOLDER = "s3://store@bucket/run/"
AWS = {"conn_type": "aws", "login": "testing", "password": "testing"}
Break = Callable[[Store, pytest.MonkeyPatch], None]


def nothing(s3: Store, patch: pytest.MonkeyPatch) -> None:
    """The fault is in the path."""


def read_only(s3: Store, patch: pytest.MonkeyPatch) -> None:
    s3.deny("s3:PutObject")


def unknown_key(s3: Store, patch: pytest.MonkeyPatch) -> None:
    s3.ask_for_credentials()


def nobody_there(s3: Store, patch: pytest.MonkeyPatch) -> None:
    extra = {
        "endpoint_url": "http://127.0.0.1:9",
        "region_name": "us-east-1",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    patch.setenv("AIRFLOW_CONN_DEAD", json.dumps({**AWS, "extra": extra}))


UNUSABLE: list[tuple[str, Break, str, str]] = [
    ("missing bucket", nothing, "s3://store@no-such-bucket/run/", "bucket does not exist"),
    ("missing connection", nothing, "s3://nobody@bucket/run/", "connection 'nobody' cannot be used"),
    ("unknown scheme", nothing, "s4://bucket/run/", "Airflow knows no storage for s4://"),
    ("scheme without its provider", nothing, "gs://bucket/run/", "install apache-airflow-providers-google"),
    ("read-only bucket", read_only, FOLDER, "cannot be written"),
    ("wrong credentials", unknown_key, FOLDER, "cannot be written"),
    ("no server", nobody_there, "s3://dead@bucket/run/", "cannot be reached right now"),
]
