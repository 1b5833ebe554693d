"""The operator for ToAPIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.links.rivya import RivyaResultLink
from airflow_provider_rivya.operators.arguments import IfExists, ModelParams, OperatorArguments, Templated
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain


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
    * ``client_request_id`` has no field at ToAPIs: it is not sent, and stands in the result alone.

    :param model: model id, e.g. ``nano-banana-2``, in any spelling that a page of the documentation gives
        (https://docs.toapis.com). Templated.
    :param dialect: fields of :class:`~airflow_provider_rivya.api.dialect.Dialect` that are to differ from the
        catalogue's choice for the model, where pages of the documentation contradict each other: ``model``
        (the id to send), ``references``, ``resolution``, ``resolution_case``, ``endpoint``. Templated.
    :param on_uncertain_submission: ``resubmit`` sends the request anew under a new id, and may pay twice.
    :param toapis_conn_id: Airflow connection of type ``toapis``. Templated.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    trigger_class: ClassVar[type[ToApisTaskTrigger]] = ToApisTaskTrigger
    template_fields: Sequence[str] = (*GenerateOperator.template_fields, "dialect", "toapis_conn_id")
    operator_extra_links = (RivyaResultLink(),)

    def __init__(
        self,
        *,
        model: Templated,
        prompt: Templated | None = None,
        model_params: ModelParams | None = None,
        reference_media: Any = None,
        client_request_id: Templated | None = None,
        output_path: Any = None,
        output_conn_id: Templated | None = None,
        if_exists: IfExists = "overwrite",
        deferrable: bool | None = None,
        timeout: timedelta = timedelta(hours=1),
        inline_wait: timedelta = timedelta(0),
        on_rerun_after_delivery: OnRerun = "regenerate",
        on_uncertain_submission: OnUncertain = "fail",
        state_path: Any = None,
        row_key: Templated | int | None = None,
        durable: bool = True,
        validation: Validation = "strict",
        max_credits: float | None = None,
        allow_estimates: bool = False,
        min_credits_left: float | None = None,
        convert_reference_images: bool = False,
        verify: Verify = "structure",
        require_references: bool = False,
        dialect: Mapping[str, Any] | XComArg | None = None,
        toapis_conn_id: str = ToApisHook.default_conn_name,
        **kwargs: Unpack[OperatorArguments],
    ) -> None:
        super().__init__(
            model=model,
            prompt=prompt,
            model_params=model_params,
            reference_media=reference_media,
            client_request_id=client_request_id,
            output_path=output_path,
            output_conn_id=output_conn_id,
            if_exists=if_exists,
            deferrable=deferrable,
            timeout=timeout,
            inline_wait=inline_wait,
            on_rerun_after_delivery=on_rerun_after_delivery,
            on_uncertain_submission=on_uncertain_submission,
            state_path=state_path,
            row_key=row_key,
            durable=durable,
            validation=validation,
            max_credits=max_credits,
            allow_estimates=allow_estimates,
            min_credits_left=min_credits_left,
            convert_reference_images=convert_reference_images,
            verify=verify,
            require_references=require_references,
            **kwargs,
        )
        self.dialect: Any = dialect
        self.toapis_conn_id = toapis_conn_id

    @property
    def conn_id(self) -> str:
        return self.toapis_conn_id
