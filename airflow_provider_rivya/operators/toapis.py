"""The operator for ToAPIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.links.rivya import RivyaResultLink
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.context import OnUncertain


class ToApisGenerateOperator(GenerateOperator):
    """
    Make images or video through ToAPIs, and land the files in object storage.

    It behaves as :class:`~airflow_provider_rivya.operators.rivya.RivyaGenerateOperator` does, and takes the
    same arguments, but for these.

    * **No idempotency key** is documented for ToAPIs. A request whose answer was lost is never sent again
      on its own: it is looked up by the ``client_business_id`` that went out with it, for up to a minute;
      what is not found then is for a person to decide (``on_uncertain_submission="fail"``, the default here).
    * **No cost** is told by the gateway, so that results carry none, and a failed generation stops the task
      until somebody clears it: whether it was charged is not documented.
    * ``client_request_id`` has no field at ToAPIs, and is refused.

    :param model: model id, e.g. ``nano-banana-2``, in any spelling that a page of the documentation gives
        (https://docs.toapis.com). Templated.
    :param dialect: fields of :class:`~airflow_provider_rivya.api.dialect.Dialect` that are to differ from the
        catalogue's choice for the model, where pages of the documentation contradict each other: ``model``
        (the id to send), ``references``, ``resolution``, ``resolution_case``, ``endpoint``. Templated.
    :param on_uncertain_submission: ``resubmit`` sends the request anew under a new id, and may pay twice.
    :param toapis_conn_id: Airflow connection of type ``toapis``. Templated.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    default_on_uncertain_submission: ClassVar[OnUncertain] = "fail"
    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    trigger_class: ClassVar[type[ToApisTaskTrigger]] = ToApisTaskTrigger
    template_fields: Sequence[str] = (*GenerateOperator.template_fields, "dialect", "toapis_conn_id")
    operator_extra_links = (RivyaResultLink(),)

    def __init__(
        self,
        *,
        model: str,
        dialect: Mapping[str, Any] | None = None,
        toapis_conn_id: str = ToApisHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(model=model, **kwargs)
        self.dialect = dialect
        self.toapis_conn_id = toapis_conn_id

    @property
    def conn_id(self) -> str:
        return self.toapis_conn_id
