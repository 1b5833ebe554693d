"""Which templates a list that is written in a DAG file may hold: it may have been read from a table."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_rivya.operators.templates import unfit

PLAIN = (
    "a fox",
    "{{ ds }} {{ params.colour }} {{ params['colour'] | upper }}",
    "{{ logical_date.strftime('%Y') }} {{ ds | replace('-', '_') | trim }}",
)
CLEVER = (
    "{{ ds['_' * 2 ~ 'class' ~ '_' * 2] }}",
    "{{ ds | attr('_' * 2 ~ 'class' ~ '_' * 2) }}",
    "{{ ds[['_'] | join ~ '_class_' ~ '_'] }}",
    "{{ ('{0._' ~ '_class_' ~ '_}').format(ds) }}",
    "{{ '{0.xxclassxx}'.replace('x', '_').format(ds) }}",
    "{{ 'xxclassxx' | replace('x', '_') | format(ds) }}",
    "{{ (ds,) | map(attribute='_' ~ '_class_' ~ '_') | list }}",
    "{% set name = '_' ~ '_class_' ~ '_' %}{{ ds[name] }}",
    "{{ ds[ds | replace('2026-01-01', '_')] }}",
    "{{ ds._class }}",
)
FORBIDDEN = (
    "{{ conn.x.password }}",
    "{{ ds.__class__ }}",
    "{{ ds['\\x5f\\x5fclass'] }}",
    "{% include 'x' %}",
    "{{ broken",
)


def is_fit(text: str, environment: type[Environment]) -> bool:
    return not list(unfit([{"prompt": text}], "rows", environment()))


@pytest.mark.parametrize("environment", [NativeEnvironment, SandboxedEnvironment])
def test_what_looks_up_facts_of_the_run_is_rendered_and_nothing_else(environment: type[Environment]) -> None:
    assert all(is_fit(text, environment) for text in PLAIN)
    assert not any(is_fit(text, environment) for text in FORBIDDEN)


@pytest.mark.parametrize("text", CLEVER)
def test_without_a_sandbox_no_name_is_put_together(text: str) -> None:
    """What the sandbox refuses when it is rendered would reach Python itself."""
    assert not is_fit(text, NativeEnvironment)
