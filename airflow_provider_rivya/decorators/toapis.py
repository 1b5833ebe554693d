"""``@task.toapis_generate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.decorators.base import DecoratedGenerateOperator, task_of, template_fields
from airflow_provider_rivya.operators.arguments import GenerateTaskArguments
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

if TYPE_CHECKING:
    from airflow.sdk import XComArg
    from airflow.sdk.bases.decorator import TaskDecorator


class ToApisTaskArguments(GenerateTaskArguments, total=False):
    """The arguments of :func:`toapis_generate_task`."""

    dialect: Mapping[str, Any] | XComArg | None
    toapis_conn_id: str


class ToApisGenerateDecoratedOperator(DecoratedGenerateOperator, ToApisGenerateOperator):
    """What :func:`toapis_generate_task` makes of a function."""

    custom_operator_name = "@task.toapis_generate"
    template_fields: Sequence[str] = template_fields(ToApisGenerateOperator)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedGenerateOperator.template_fields_renderers,
        **ToApisGenerateOperator.template_fields_renderers,
    }


def toapis_generate_task(
    python_callable: Callable[..., Any] | None = None, **kwargs: Unpack[ToApisTaskArguments]
) -> TaskDecorator:
    """
    Make a task of a function that says what to generate; registered as ``@task.toapis_generate``.

    See :func:`~airflow_provider_rivya.decorators.rivya.rivya_generate_task`, which does the same for Rivya.

    :param python_callable: the function; see
        :class:`~airflow_provider_rivya.decorators.base.DecoratedGenerateOperator` for what it may return.
    :param kwargs: arguments of :class:`~airflow_provider_rivya.operators.toapis.ToApisGenerateOperator`;
        ``prompt`` is the function's.
    """
    return task_of(ToApisGenerateDecoratedOperator, python_callable, dict(kwargs))
