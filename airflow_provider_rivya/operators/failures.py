"""Errors of the tree that are Airflow's own as well."""

from __future__ import annotations

import functools
from typing import Any, TypeVar, cast

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import GenerationError

E = TypeVar("E", bound=GenerationError)


@functools.cache
def _final_class(error_class: type[Any]) -> type[GenerationError]:
    return type(error_class.__name__, (error_class, AirflowFailException), {"__doc__": error_class.__doc__})


def without_retry(error: E) -> E:
    """
    Make an error end the task at once, whatever its ``retries``.

    The error keeps its class, attributes and traceback; it only becomes an
    ``AirflowFailException`` as well.
    """
    if not isinstance(error, AirflowFailException):
        error.__class__ = cast(type[E], _final_class(cast(Any, type(error))))
    return error
