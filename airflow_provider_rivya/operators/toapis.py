"""The operator for ToAPIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.links.rivya import RivyaGalleryLink, RivyaResultLink
from airflow_provider_rivya.operators.arguments import (
    IfExists,
    ModelParams,
    OperatorArguments,
    Templated,
)
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.batch import BatchOperator
from airflow_provider_rivya.triggers.batch import ToApisBatchTrigger
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from airflow_provider_rivya.batch.arguments import ManifestFormat
    from airflow_provider_rivya.batch.plan import OnInvalid
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain


class ToApisGenerateOperator(GenerateOperator):
    """
    Make images or video through ToAPIs, and store the files in object storage.

    It behaves as :class:`~airflow_provider_rivya.operators.rivya.RivyaGenerateOperator` does, and takes the
    same arguments, but for these.

    * **No idempotency key** is documented for ToAPIs. A request whose answer was lost is never sent again
      on its own: it is looked up by the ``client_business_id`` that went out with it, for up to a minute;
      what is not found then is for a person to decide (``on_uncertain_submission="fail"``, the default here).
    * **No cost** is reported by the gateway, so that results carry none, and a failed generation stops the
      task until somebody clears it: whether it was charged is not documented.
    * ``client_request_id`` has no field at ToAPIs: it is not sent, and stands in the result alone.

    :param model: model id, e.g. ``nano-banana-2``, in any spelling that a page of the documentation gives
        (https://docs.toapis.com). Templated.
    :param dialect: fields of :class:`~airflow_provider_rivya.api.dialect.Dialect` that are to differ from the
        catalogue's choice for the model, where pages of the documentation contradict each other: ``model``
        (the id to send), ``references``, ``resolution``, ``resolution_case``, ``endpoint``. Templated.
    :param on_uncertain_submission: ``resubmit`` sends the request again under a new id, and may pay twice.
    :param toapis_conn_id: Airflow connection of type ``toapis``; default ``toapis_default``. Templated.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    trigger_class: ClassVar[type[ToApisTaskTrigger]] = ToApisTaskTrigger
    template_fields: Sequence[str] = (*GenerateOperator.template_fields, "dialect", "toapis_conn_id")
    operator_extra_links = (RivyaResultLink(), RivyaGalleryLink())

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
        output_name: Templated | None = None,
        dialect: Mapping[str, Any] | XComArg | None = None,
        toapis_conn_id: str = ToApisHook.default_conn_name,
        gallery: bool = False,
        thumbnails: int | None = None,
        sidecar: bool = False,
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
            output_name=output_name,
            gallery=gallery,
            thumbnails=thumbnails,
            sidecar=sidecar,
            **kwargs,
        )
        self.dialect: Any = dialect
        self.toapis_conn_id = toapis_conn_id

    @property
    def conn_id(self) -> str:
        return self.toapis_conn_id


class ToApisBatchOperator(BatchOperator):
    """
    Make a generation for each row of a table through ToAPIs, in one task.

    Its arguments, and what it does, are those of
    :class:`~airflow_provider_rivya.operators.rivya.RivyaBatchOperator`, but for these. ToAPIs replays no
    keys: what a crash has left without an answer is looked up, all rows side by side.

    :param on_uncertain_submission: what becomes of a row that was sent and that the gateway does not know:
        ``fail`` leaves it to a person, ``resubmit`` sends it again, which may pay twice.
    :param dialect: as the generate operator's. Templated.
    :param toapis_conn_id: Airflow connection of type ``toapis``; default ``toapis_default``. Templated.
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    trigger_class: ClassVar[type[ToApisBatchTrigger]] = ToApisBatchTrigger
    template_fields: Sequence[str] = (*BatchOperator.template_fields, "dialect", "toapis_conn_id")

    def __init__(
        self,
        *,
        row_key: Templated,
        model: Templated,
        output_path: Any,
        rows: Any = None,
        rows_sql: Templated | None = None,
        rows_conn_id: Templated | None = None,
        prompt: Templated | None = None,
        model_params: ModelParams | None = None,
        reference_media: Any = None,
        output_conn_id: Templated | None = None,
        file_name: str = "{row_key}",
        manifest_path: Any = None,
        manifest_format: ManifestFormat | None = None,
        carry: Sequence[str] = (),
        max_credits_total: float | None = None,
        max_credits: float | None = None,
        min_credits_left: float | None = None,
        allow_estimates: bool = False,
        fail_on_budget: bool = False,
        max_failed_rows: float = 0,
        max_consecutive_failures: int = 25,
        row_attempts: int = 2,
        on_invalid_rows: OnInvalid = "fail",
        on_uncertain_submission: OnUncertain = "fail",
        on_rerun_after_delivery: OnRerun = "reuse",
        incremental: bool = False,
        max_running: int = 100,
        limit: int | None = None,
        dry_run: bool = False,
        check_references: bool = False,
        deferrable: bool | None = None,
        timeout: timedelta = timedelta(hours=24),
        inline_wait: timedelta = timedelta(0),
        if_exists: IfExists = "overwrite",
        validation: Validation = "strict",
        verify: Verify = "structure",
        require_references: bool = False,
        convert_reference_images: bool = False,
        state_path: Any = None,
        dialect: Mapping[str, Any] | XComArg | None = None,
        toapis_conn_id: str = ToApisHook.default_conn_name,
        gallery: bool = False,
        thumbnails: int | None = None,
        sidecar: bool = False,
        **kwargs: Unpack[OperatorArguments],
    ) -> None:
        super().__init__(
            row_key=row_key,
            model=model,
            output_path=output_path,
            rows=rows,
            rows_sql=rows_sql,
            rows_conn_id=rows_conn_id,
            prompt=prompt,
            model_params=model_params,
            reference_media=reference_media,
            output_conn_id=output_conn_id,
            file_name=file_name,
            manifest_path=manifest_path,
            manifest_format=manifest_format,
            carry=carry,
            max_credits_total=max_credits_total,
            max_credits=max_credits,
            min_credits_left=min_credits_left,
            allow_estimates=allow_estimates,
            fail_on_budget=fail_on_budget,
            max_failed_rows=max_failed_rows,
            max_consecutive_failures=max_consecutive_failures,
            row_attempts=row_attempts,
            on_invalid_rows=on_invalid_rows,
            on_uncertain_submission=on_uncertain_submission,
            on_rerun_after_delivery=on_rerun_after_delivery,
            incremental=incremental,
            max_running=max_running,
            limit=limit,
            dry_run=dry_run,
            check_references=check_references,
            deferrable=deferrable,
            timeout=timeout,
            inline_wait=inline_wait,
            if_exists=if_exists,
            validation=validation,
            verify=verify,
            require_references=require_references,
            convert_reference_images=convert_reference_images,
            state_path=state_path,
            gallery=gallery,
            thumbnails=thumbnails,
            sidecar=sidecar,
            **kwargs,
        )
        self.dialect: Any = dialect
        self.toapis_conn_id = toapis_conn_id

    @property
    def conn_id(self) -> str:
        return self.toapis_conn_id
