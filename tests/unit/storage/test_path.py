from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.media.types import PNG
from airflow_provider_rivya.storage.path import (
    Target,
    as_text,
    check_fixed_name,
    default_name,
    parse_output_path,
    safe_name,
)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/data/out", Target("file", "/data/out")),
        ("/data/out/", Target("file", "/data/out")),
        ("/", Target("file", "/")),
        ("/data/out/cover.png", Target("file", "/data/out", "cover.png")),
        ("/cover.JPEG", Target("file", "/", "cover.JPEG")),
        ("/data/cover.png/", Target("file", "/data/cover.png")),
        ("/data/v1.2", Target("file", "/data/v1.2")),
        (
            "/d/manual__2026-05-11T00:00:00.123456+00:00",
            Target("file", "/d/manual__2026-05-11T00:00:00.123456+00:00"),
        ),
        ("file:///srv/x", Target("file", "/srv/x")),
        ("file://localhost/srv/x/", Target("file", "/srv/x")),
        ("s3://bucket", Target("s3", "bucket")),
        ("s3://bucket.example.png", Target("s3", "bucket.example.png")),
        ("s3://bucket/a//b/./c/", Target("s3", "bucket/a/b/c")),
        ("S3://my_conn@bucket/a/b.webp", Target("s3", "bucket/a", "b.webp", "my_conn")),
        ("gs://bucket/2026/05", Target("gs", "bucket/2026/05")),
    ],
)
def test_a_path_is_a_folder_or_a_fixed_file(path: str, target: Target) -> None:
    assert parse_output_path(path) == target


@pytest.mark.parametrize(
    ("path", "problem", "allowed"),
    [
        ("", "it is empty", "absolute path"),
        ("  ", "it is empty", "absolute path"),
        ("out/images", "is relative", "absolute"),
        ("None", "is what a template renders", "absolute"),
        ("/data/None/", "a folder 'None'", "{{ run_id }}"),
        ("s3://bucket/run/ ", "ends with a blank", "without it"),
        ("s3://bucket/ run/", "begins or ends with a blank", "without it"),
        ("~/images", "is relative", "absolute"),
        ("file://tmp/x", "another host", "file://"),
        ("file://x", "another host", "file://"),
        ("s3://", "names no bucket", "s3://bucket"),
        ("s3:///key", "names no bucket", "s3://bucket"),
        ("s3://key:secret-value@bucket/x", "carries a password", "connection id"),
        ("/data/../etc", "goes upwards", "without '..'"),
        ("s3://bucket/a/../../b/", "goes upwards", "without '..'"),
        ("/data/a\nb", "nobody sees", ""),
        ("/data/a\u200bb", "nobody sees", ""),
        ("s3://bucket/gpj\u202e.png", "nobody sees", ""),
        ("/data/report.csv", "not a media file's name", ".png"),
    ],
)
def test_faults_of_a_path(path: str, problem: str, allowed: str) -> None:
    fault = parse_output_path(path)
    assert isinstance(fault, Fault)
    assert fault.path == "output_path"
    assert problem in fault.problem
    assert allowed in fault.allowed
    assert "secret-value" not in str(fault)


def test_a_misspelt_extension_gets_the_nearest_one() -> None:
    fault = parse_output_path("/data/cover.jpgg")
    assert isinstance(fault, Fault)
    assert fault.suggestion == ".jpg"


@pytest.mark.parametrize(
    ("fixed", "count", "mapped", "refused"),
    [
        (None, 4, True, False),
        ("a.png", 1, False, False),
        ("a.png", 2, False, True),
        ("a.png", 1, True, True),
    ],
)
def test_one_name_is_not_given_to_several_files(
    fixed: str | None, count: int, mapped: bool, refused: bool
) -> None:
    assert (check_fixed_name(fixed, count, mapped) is not None) == refused


def test_names_of_outputs() -> None:
    assert default_name("task_abc-1", 0, PNG) == "task_abc-1-0.png"
    assert re.fullmatch(r"-\.\.-etc-passwd-[0-9a-f]{8}-1\.png", default_name("../../etc/passwd", 1, PNG))
    assert safe_name("..").startswith("output-")
    assert safe_name("") == "output-e3b0c442"


@given(st.text())
def test_a_safe_name_is_safe(text: str) -> None:
    name = safe_name(text)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,139}", name)


@given(st.text(), st.text())
def test_different_texts_get_different_names(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_path_objects_are_taken_as_text(tmp_path: Path) -> None:
    from airflow.sdk import ObjectStoragePath

    assert as_text(tmp_path) == str(tmp_path)
    assert as_text(ObjectStoragePath("s3://aws@bucket/x")) == "s3://aws@bucket/x"
    assert [as_text(value) for value in (None, "s3://b/", 7)] == [None, "s3://b/", 7]


@pytest.mark.parametrize("value", [None, 7, b"/data/", ["/data/"]])
def test_what_is_no_text_is_a_fault(value: object) -> None:
    fault = parse_output_path(value)
    assert isinstance(fault, Fault)
    assert "it is of type" in fault.problem


@pytest.mark.parametrize(
    "path", ["/data/run/ ", " /data/run/", "s3://bucket/run/\u00a0", "/data/a.png\u2003"]
)
def test_a_blank_that_a_template_left_is_a_fault(path: str) -> None:
    fault = parse_output_path(path)
    assert isinstance(fault, Fault)
    assert "begins or ends with a blank" in fault.problem


@pytest.mark.parametrize("path", ["/data/run/\r\n", "/data/run/\n", "s3://bucket/run\t"])
def test_so_is_the_end_of_a_line(path: str) -> None:
    assert isinstance(parse_output_path(path), Fault)
