"""``@task.rivya_batch`` and ``@task.toapis_batch``: a function that says what to generate, many times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from airflow_provider_rivya.decorators.base import wanted_by
from airflow_provider_rivya.operators.batch import BatchOperator
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from airflow_provider_rivya.operators.toapis import ToApisBatchOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator

RETURNABLE: Final = ("model", "prompt", "model_params", "reference_media")
"""What a request may say; beside ``row_key``, and columns to carry."""


class DecoratedBatchOperator(DecoratedOperator, BatchOperator):
    """
    A batch whose rows a function returns or yields: dicts with ``row_key`` and what the generate operator
    takes (``prompt``, ``model``, ``model_params``, ``reference_media``), or a DataFrame or Arrow table of
    such columns.

    An argument of the decorator goes before what a request says. The function is called where no plan stands:
    not by a retry.
    """

    custom_operator_name: str
    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *BatchOperator.template_fields)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("multiple_outputs", None)
        for name in ("rows", "rows_sql", "rows_conn_id"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{self.custom_operator_name} takes no {name}: its function returns the rows"
                )
        kwargs.setdefault("row_key", "row_key")
        for name in RETURNABLE:
            if kwargs.get(name) is None:
                kwargs[name] = f"{{{name}}}"
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    def execute(self, context: Any) -> Any:
        self._available = {**context, **self.op_kwargs}
        return BatchOperator.execute(self, context)

    def execute_complete(self, context: Any, *given: Any, **more: Any) -> Any:
        self._available = {**context, **self.op_kwargs}
        return BatchOperator.execute_complete(self, context, *given, **more)

    def _table(self) -> Iterable[Mapping[str, Any]]:
        from airflow_provider_rivya.batch.table.rows import read_rows

        asked = wanted_by(self.python_callable, len(self.op_args), self._available)
        returned = self.python_callable(*self.op_args, **asked)
        if isinstance(returned, str):
            returned = [returned]  # a text is no path here, and no row either: that is told
        return _as_columns(read_rows(returned))

    def _asked(self) -> Any:
        from dataclasses import replace

        return replace(super()._asked(), columns=RETURNABLE)


def _as_columns(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    from airflow_provider_rivya.storage.path import as_text

    for row in rows:
        media = row.get("reference_media")
        if isinstance(media, list | tuple):
            yield {**row, "reference_media": [as_text(entry) for entry in media]}
        else:
            yield {**row, "reference_media": as_text(media)}


class RivyaBatchDecoratedOperator(DecoratedBatchOperator, RivyaBatchOperator):
    """What :func:`rivya_batch_task` makes of a function."""

    custom_operator_name = "@task.rivya_batch"
    template_fields: Sequence[str] = (*DecoratedBatchOperator.template_fields, "rivya_conn_id")


class ToApisBatchDecoratedOperator(DecoratedBatchOperator, ToApisBatchOperator):
    """What :func:`toapis_batch_task` makes of a function."""

    custom_operator_name = "@task.toapis_batch"
    template_fields: Sequence[str] = (*DecoratedBatchOperator.template_fields, "dialect", "toapis_conn_id")


def rivya_batch_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a batch of a function that returns or yields requests; registered as ``@task.rivya_batch``.

    .. code-block:: python

        @task.rivya_batch(model="nano-banana-2", output_path="s3://bucket/{{ ds }}/", retries=2)
        def pictures(products):
            for product in products:
                yield {"row_key": product["sku"], "prompt": f"A photograph of {product['title']}"}

    :param python_callable: the function; see :class:`DecoratedBatchOperator`.
    :param kwargs: arguments of :class:`~airflow_provider_rivya.operators.rivya.RivyaBatchOperator`, but for
        those that say where the rows come from.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=RivyaBatchDecoratedOperator, **kwargs
    )


def toapis_batch_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a batch of a function that returns or yields requests; registered as ``@task.toapis_batch``.

    See :func:`rivya_batch_task`, which does the same for Rivya.

    :param python_callable: the function; see :class:`DecoratedBatchOperator`.
    :param kwargs: arguments of :class:`~airflow_provider_rivya.operators.toapis.ToApisBatchOperator`, but for
        those that say where the rows come from.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=ToApisBatchDecoratedOperator, **kwargs
    )
