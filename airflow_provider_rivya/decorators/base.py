"""What the decorators of all gateways share: a function that says what to generate."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.deferral import plain

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator

    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.request.prepare import Prepared

RETURNABLE: Final = ("prompt", "model", "model_params", "reference_media", "client_request_id")
"""
What a function may decide. Connections and places are not among it: they say where the record of an
earlier try is found, before the function is called.
"""


class DecoratedGenerateOperator(DecoratedOperator, GenerateOperator):
    """
    A generate operator whose request comes out of a function.

    The decorator's arguments are templated as the operator's are. What the function *returns* is
    final: it is never rendered as a template, nor read as a template file, so that a text from a
    database or a web form cannot reach into Airflow's variables and connections.

    The function is called in every try, once the connection has been read; after a deferral it is
    not called again.

    :param python_callable: the function. Returns the prompt, or a dict with any of ``prompt``, ``model``,
        ``model_params``, ``reference_media`` and ``client_request_id``, each of which takes the
        place of the decorator's argument of that name.
    :param op_args: its positional arguments. Templated.
    :param op_kwargs: its keyword arguments. Templated; it may ask for keys of the context by name too.
    """

    custom_operator_name: str
    overwrite_rtif_after_execution: bool = True
    _returned: Mapping[str, Any] | None = None

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("prompt") is not None:
            raise ValueError(f"{self.custom_operator_name} takes no prompt: its function returns it")
        kwargs.setdefault("model", "")  # the function may say it
        if inspect.iscoroutinefunction(python_callable):
            raise ValueError(f"{self.custom_operator_name} takes no async function")
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    def execute(self, context: Any) -> Any:
        # DecoratedOperator's own would look for assets in the result.
        return GenerateOperator.execute(self, context)

    def execute_after_pause(self, context: Any, event: Any = None, **carried: Any) -> Any:
        self._returned = carried.get("request")
        return GenerateOperator.execute_after_pause(self, context, event, **carried)

    def _asked_for(self) -> dict[str, Any] | None:
        return plain({name: getattr(self, name) for name in RETURNABLE})

    def _request(
        self, context: Any, job: GenerationJob, folder: str, faults: Sequence[Fault] = ()
    ) -> Prepared:
        if self._returned is not None:
            for name, value in self._returned.items():
                setattr(self, name, value)
            return super()._request(context, job, folder, faults)
        asked = wanted_by(self.python_callable, len(self.op_args), {**context, **self.op_kwargs})
        returned = self.python_callable(*self.op_args, **asked)
        asked_for, wrong = _asked_for(returned)
        for name, value in asked_for.items():
            setattr(self, name, value)
        return super()._request(context, job, folder, [*faults, *wrong])


def wanted_by(
    function: Callable[..., Any], positional: int, available: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what a function takes by name; those that are given by position are left out."""
    parameters = inspect.signature(function).parameters
    taken = list(parameters)[:positional]
    everything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    names = available if everything else parameters
    return {name: available[name] for name in names if name in available and name not in taken}


def _asked_for(returned: Any) -> tuple[Mapping[str, Any], list[Fault]]:
    """
    Return the operator's arguments that a function decided on, and what is wrong with its answer.

    What stands under a misspelt name is taken for what was meant, so that it is checked with the rest.
    """
    if isinstance(returned, str):
        return {"prompt": returned}, []
    if not isinstance(returned, Mapping):
        allowed = f"a prompt, or a dict of {', '.join(RETURNABLE)}"
        return {}, [Fault("return value", f"a {type(returned).__name__}", allowed)]
    asked_for = {name: value for name, value in returned.items() if name in RETURNABLE}
    faults = []
    for name in returned:
        if name in RETURNABLE:
            continue
        meant = next(iter(difflib.get_close_matches(str(name), RETURNABLE, 1)), "")
        faults.append(
            Fault(
                f"return value[{name!r}]",
                "cannot be returned by the function",
                ", ".join(RETURNABLE),
                meant,
            )
        )
        if meant:
            asked_for.setdefault(meant, returned[name])
    return asked_for, faults


def task_of(
    operator: type[DecoratedGenerateOperator], function: Callable[..., Any] | None, arguments: dict[str, Any]
) -> TaskDecorator:
    """Return what a decorator makes of a function, or of nothing yet, with its own arguments."""
    # Airflow would infer it from "-> dict", which here is the type of the request and not of the result.
    outputs = bool(arguments.pop("multiple_outputs", False))
    return task_decorator_factory(
        python_callable=function, multiple_outputs=outputs, decorated_operator_class=operator, **arguments
    )


def template_fields(operator: type[GenerateOperator]) -> Sequence[str]:
    """Return the fields of a decorated operator that Airflow renders."""
    return (*DecoratedOperator.template_fields, *operator.template_fields)
