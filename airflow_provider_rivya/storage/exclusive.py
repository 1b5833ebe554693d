"""Whether a filesystem can create a file exclusively, the store itself deciding who was first."""

from __future__ import annotations

import inspect
from typing import Any

from airflow_provider_rivya.storage.staged import protocols_of

CURE = "install 'airflow-provider-rivya[s3]', or s3fs 2024.12 and botocore 1.35.21 or later"
"""What gives S3 exclusive creation."""


def creates_exclusively(fs: Any) -> bool:
    """
    Tell whether ``fs.pipe_file(..., mode="create")`` is more than a plain writing.

    The signature is asked, not the call tried: a method that swallows arguments it does not know overwrites
    without a word, as that of s3fs did before 2024.12. Later ones drop what their botocore does not know.
    """
    if "mode" not in inspect.signature(fs.pipe_file).parameters:
        return False
    if not is_s3(fs):
        return True
    client = getattr(getattr(fs, "s3", None), "meta", None)
    if client is None:  # another implementation, whose means are not known
        return False
    return "IfNoneMatch" in client.service_model.operation_model("PutObject").input_shape.members


def is_s3(fs: Any) -> bool:
    """Whether this is the filesystem of S3."""
    return "s3" in protocols_of(fs)
