"""The operator for Rivya."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.links.rivya import RivyaGalleryLink, RivyaResultLink
from airflow_provider_rivya.operators.arguments import (
    IfExists,
    ModelParams,
    OperatorArguments,
    Templated,
)
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.operators.batch import BatchOperator
from airflow_provider_rivya.triggers.batch import RivyaBatchTrigger
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.arguments import ManifestFormat
    from airflow_provider_rivya.batch.plan import OnInvalid
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain


class RivyaGenerateOperator(GenerateOperator):
    """
    Make images, video or audio through Rivya, and store the files.

    The task checks the request, its files and the output folder, and reports every fault at once. It
    uploads the reference files, submits the generation once, and waits: in the triggerer with
    ``deferrable=True``, else on the worker. Then it downloads the files, verifies them, and stores them
    under their final names.

    * **A retry** goes on with the generation that an earlier try has submitted. It does not pay again.
    * **A clear** with the same request goes on while the generation runs. If the result was stored already,
      it pays for a new one. With another request it makes that one.
    * **A kill** cannot cancel at the gateway: what was submitted goes on there, and is paid for.
    * **A timeout** ends this try only. The next one goes on with the same generation.

    :param model: public model id, e.g. ``nano-banana-2`` (https://rivya.ai/docs/api-models). Templated.
    :param prompt: the text that most models require. Templated; a name ending in ``.txt`` is read as a
        file.
    :param model_params: the parameters of the model, spelled as the gateway spells them. Templated; a name
        ending in ``.json`` is read as a file. (``params`` is Airflow's own argument.)
    :param reference_media: one or a list of: local path, object storage URI, http(s) URL, or the result
        (``first.output``) of an earlier generation. Templated.
    :param require_references: refuse an empty reference, and a request without any. By default an empty one
        is left out with a warning, and the request is paid for without it.
    :param client_request_id: your own id of the row, up to 128 characters. It is in the result, in the XCom
        ``failure`` and in asset events, and names a mapped instance in Airflow's lists. Templated.
    :param output_path: a folder (``s3://bucket/prefix/``, ``file:///data/``) or one file name. Without it
        the result has the gateway's URLs only. Templated; the value at submission counts.
    :param output_conn_id: Airflow connection for ``output_path``. Templated.
    :param output_name: what the files are called in that folder, without extension; default by the
        generation's id. No two instances of a mapped task may have the same. Templated.
    :param gallery: write a page that shows the files, ``gallery.html``, beside them.
    :param thumbnails: put a WebP that fits into a square of so many pixels beside each file. Needs the extra
        ``images``; stills of videos and waveforms of audio need the extra ``verify``.
    :param sidecar: put a JSON file beside each file that says how it was made.
    :param if_exists: what to do with a file of the final name: ``overwrite``, ``fail`` or ``skip``.
    :param rivya_conn_id: Airflow connection of type ``rivya``; default ``rivya_default``. Templated.
    :param deferrable: wait in the triggerer. Default: ``[operators] default_deferrable``.
    :param timeout: how long one try waits for the generation. A smaller ``execution_timeout`` wins.
    :param inline_wait: how long to wait on the worker before deferring. A deferral costs some seconds, so
        this is quicker for short generations.
    :param validation: ``strict`` refuses what the catalogue does not allow; ``warn`` logs it and sends it;
        ``off`` does not check against the catalogue, which has the models of its date.
    :param max_credits: refuse a request whose price is above this. The price is that of the catalogue.
    :param allow_estimates: let ``max_credits`` take a base price where the price depends on more than the
        model.
    :param min_credits_left: read the balance before submitting, and refuse if less would be left.
    :param convert_reference_images: convert images whose format or size the model does not take: to PNG
        where that keeps transparency, else to JPEG, scaled down as far as needed. Needs the extra
        ``images``.
    :param verify: ``structure`` checks the structure and the checksums of a whole file; ``decode`` also
        decodes it, in a separate process. Needs the extra ``verify``.
    :param on_rerun_after_delivery: what a cleared task does whose result was stored already: ``regenerate``
        pays for a new generation, ``reuse`` stores the paid result again.
    :param on_uncertain_submission: what to do when an earlier try sent the request and recorded no answer:
        ``resubmit`` sends the same bytes under the same idempotency key (for a day, then it fails);
        ``fail`` stops and asks a person.
    :param durable: keep a submission record. Without one a retry submits again: at Rivya under the same
        key, at ToAPIs as a new request, which is paid for again.
    :param state_path: folder for submission records, shared by all workers. It must render the same on
        every try. Default: Airflow's task state store (3.3 and later), else ``.rivya/`` beside the output.
        Templated.
    :param row_key: in a mapped task: the id of the row. Without it a row is identified by its position in
        the list. Needed where the list may be sorted or grow before a task is cleared. No two rows may have
        the same one. Templated.
    :raises InvalidRequestError: with every fault; the task fails without retry, nothing was charged.
    :raises GatewayError: the gateway refused or could not be reached; the text says what a retry does.
    :raises GenerationFailedError: it failed at the gateway.
    :raises GenerationTimeoutError: it did not end in time; a retry re-attaches.
    :raises OutputError: the paid result could not be stored; a retry fetches it again.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    trigger_class: ClassVar[type[RivyaTaskTrigger]] = RivyaTaskTrigger
    template_fields: Sequence[str] = (*GenerateOperator.template_fields, "rivya_conn_id")
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
        on_uncertain_submission: OnUncertain = "resubmit",
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
        rivya_conn_id: str = RivyaHook.default_conn_name,
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
        self.rivya_conn_id = rivya_conn_id

    @property
    def conn_id(self) -> str:
        return self.rivya_conn_id


class RivyaBatchOperator(BatchOperator):
    """
    Make a generation for each row of a table through Rivya, in one task; see docs/batch.md.

    The whole table is checked and written down as a plan before a credit is spent. Then the rows are
    submitted in windows, each paid for once; the task waits in the triggerer (``deferrable=True``) for many
    at a time, and stores what has ended. At the end a manifest has a line for each row.

    * **A retry** reads the plan, never the table, and goes on: nothing is paid twice.
    * **A clear** reads the table again, and pays only for failed, new and changed rows.
    * **A kill** submits nothing more; what was submitted goes on and is paid for.
    * **A timeout** ends this try; the next one goes on.

    :param rows: a list of dicts, another task's output, or a path or URI of ``.csv``, ``.jsonl``, ``.ndjson``
        or ``.parquet`` (one file, a folder, a glob). Templated if it is a text; rows never are.
    :param rows_sql: a query in the place of ``rows``. Templated.
    :param rows_conn_id: Airflow connection for a URI or the query. Templated.
    :param row_key: the column that names a row: unique, a text or a number.
    :param model: as ``prompt``, ``model_params`` and ``reference_media`` that of the generate operator, with
        ``{column}`` in any text. A value that is ``"{column}"`` alone keeps the column's type; an empty
        column leaves the parameter or the reference out; ``{{`` and ``}}`` are braces. Templated, before any
        row.
    :param output_path: the folder of the files. Templated; ``output_conn_id`` too.
    :param file_name: of a row's file, without extension, with ``{column}`` or ``{row_key}``.
    :param manifest_path: folder of the manifest; default ``_manifest/<run>/`` beside the files. Templated.
    :param manifest_format: ``parquet`` (needs the extra ``parquet``) or ``jsonl``; default: ``parquet`` if
        pyarrow is installed.
    :param carry: columns of the table that the manifest repeats.
    :param max_credits_total: the most that the whole batch may cost, over all its tries.
    :param max_credits: the most that a row may cost.
    :param min_credits_left: what the account must have left; asked for before each window.
    :param allow_estimates: let these limits take the base price of models whose price depends on more.
    :param fail_on_budget: fail when the budget ends before the rows do.
    :param max_failed_rows: rows that may be without a result: a whole number, or as 0.05 a share (``1`` is
        one row, ``1.0`` all of them).
    :param max_consecutive_failures: rows that may fail one after the other before no more are submitted.
    :param row_attempts: new generations for a row that failed and was certainly refunded.
    :param on_invalid_rows: ``fail`` refuses the batch for an invalid row; ``skip`` leaves such rows out.
    :param on_uncertain_submission: as the generate operator's, for each row.
    :param on_rerun_after_delivery: what a clear does with a delivered row of the same request: ``reuse``, or
        ``regenerate``.
    :param incremental: rows that an earlier run of this task has delivered, and that ask for the same, are
        not made again.
    :param max_running: generations at the gateway at once.
    :param limit: only so many rows, from the first; a clear without it makes the rest.
    :param dry_run: check, price and write down the plan, and stop.
    :param check_references: open the reference files of all rows before anything is paid.
    :param rivya_conn_id: Airflow connection of type ``rivya``; default ``rivya_default``. Templated.
    :param deferrable: wait in the triggerer; default ``[operators] default_deferrable``.
    :param timeout: how long one try may take; ``execution_timeout`` wins if smaller.
    :param inline_wait: how long to wait on the worker before deferring.
    :param if_exists: ``overwrite`` or ``skip`` for a file of the final name.
    :param gallery: write pages that show all rows, ``gallery.html`` and the like, beside the files.
    :param thumbnails: as the generate operator's; ``sidecar`` too.
    :param validation: as the generate operator's; ``verify``, ``require_references`` and
        ``convert_reference_images`` too.
    :param state_path: folder of plan and ledger, shared by all workers; must render the same on every try.
        Default: ``.rivya/`` beside the files. Templated.
    :raises InvalidRequestError: with every fault of the table; nothing was charged.
    :raises BatchFailedError: more rows than ``max_failed_rows`` have no result; all others are stored.
    :return: places, counts, credits and why it ended (XCom, below 4 KB).
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    trigger_class: ClassVar[type[RivyaBatchTrigger]] = RivyaBatchTrigger
    template_fields: Sequence[str] = (*BatchOperator.template_fields, "rivya_conn_id")

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
        on_uncertain_submission: OnUncertain = "resubmit",
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
        rivya_conn_id: str = RivyaHook.default_conn_name,
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
        self.rivya_conn_id = rivya_conn_id

    @property
    def conn_id(self) -> str:
        return self.rivya_conn_id
