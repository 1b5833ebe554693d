"""``@task.rivya_generate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.decorators.base import DecoratedGenerateOperator, task_of, template_fields
from airflow_provider_rivya.operators.arguments import GenerateTaskArguments
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator


class RivyaTaskArguments(GenerateTaskArguments, total=False):
    """The arguments of :func:`rivya_generate_task`."""

    rivya_conn_id: str


class RivyaGenerateDecoratedOperator(DecoratedGenerateOperator, RivyaGenerateOperator):
    """What :func:`rivya_generate_task` makes of a function."""

    custom_operator_name = "@task.rivya_generate"
    template_fields: Sequence[str] = template_fields(RivyaGenerateOperator)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedGenerateOperator.template_fields_renderers,
        **RivyaGenerateOperator.template_fields_renderers,
    }


def rivya_generate_task(
    python_callable: Callable[..., Any] | None = None, **kwargs: Unpack[RivyaTaskArguments]
) -> TaskDecorator:
    """
    Make a task of a function that says what to generate; registered as ``@task.rivya_generate``.

    .. code-block:: python

        @task.rivya_generate(model="nano-banana-2", output_path="s3://bucket/{{ ds }}/", retries=2)
        def picture(row: dict) -> dict:
            return {"prompt": row["text"], "model_params": {"aspect_ratio": row["format"]}}


        picture.expand(row=rows())

    What the function returns is sent as it is: it is never rendered as a template.

    :param python_callable: the function; see
        :class:`~airflow_provider_rivya.decorators.base.DecoratedGenerateOperator` for what it may return.
    :param kwargs: arguments of :class:`~airflow_provider_rivya.operators.rivya.RivyaGenerateOperator`;
        ``prompt`` is the function's.
    """
    return task_of(RivyaGenerateDecoratedOperator, python_callable, dict(kwargs))
