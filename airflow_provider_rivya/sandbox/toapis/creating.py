"""Takes tasks in: what a create call leads to once its body has been read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from airflow_provider_rivya.sandbox.models.catalog import defaults_of
from airflow_provider_rivya.sandbox.models.pictures import NAMED_FORMATS, Format
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.state.store import Failure, StoredFile, Task
from airflow_provider_rivya.sandbox.toapis.checks import Accepted, check_task
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError, name_of
from airflow_provider_rivya.sandbox.toapis.lookup import known_tasks
from airflow_provider_rivya.sandbox.toapis.pixels import documented_pixels
from airflow_provider_rivya.sandbox.toapis.prices import credits_of
from airflow_provider_rivya.sandbox.toapis.references import is_marked, too_many
from airflow_provider_rivya.sandbox.toapis.tasks import created_task, public_task
from airflow_provider_rivya.sandbox.toapis.uploads import find_upload
from airflow_provider_rivya.sandbox.toapis.webhooks import expect_end, where_to

BAD_REQUEST, PAYMENT_REQUIRED, FORBIDDEN, UNAVAILABLE = 400, 402, 403, 503
REFUSED_CONTENT = "content_policy_violation"
REFUSED_CONTENT_TEXT = "The request was refused by the content policy"
SETTLED: Mapping[str, float] = {"as_taken": 0, "returns_part": -0.5, "charges_more": 0.5}
REFUSED_LATER: Mapping[str, tuple[str, str]] = {
    "failed_task": (REFUSED_CONTENT, REFUSED_CONTENT_TEXT),
    "failed_task_words": ("generation_failed", "生成失败: 内容违反内容政策"),
    "failed_task_422": ("generation_failed", "Upstream returned status 422"),
}
FORMATS: Mapping[str, Format] = {**NAMED_FORMATS, "png": "PNG"}
FORMAT_KEYS = ("output_format", "response_format")
"""The second is a format on the flux-kontext models only."""


class Creating:
    """Takes the tasks of one sandbox in. Nothing here awaits, so that each call is atomic."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = gateway.state

    def create(
        self, body: Mapping[str, Any], category: str, caller: ApiKey, request: Request
    ) -> dict[str, Any]:
        """
        Check a create call and take its task in.

        :param request: the call, whose body was read.
        :return: the answer.
        :raises ToApisError: nothing was made and nothing charged.
        """
        state, path = self._state, request.url.path
        accepted = check_task(
            body, category, state.assumptions, lambda url: self._find_upload(url, caller.account)
        )
        for_edits = (accepted.model.get("dialect") or {}).get("endpoint") == "edit"
        if for_edits is not path.endswith("/edits"):
            text = f"model: {accepted.model['id']} is not served at {path}"
            raise ToApisError("invalid_request", text)
        reviewed = body.get("private_asset_review") is True and bool(accepted.references)
        if (first := self._repeated(accepted, caller, category, reviewed=reviewed)) is not None:
            return self._replayed(first)
        told_at = where_to(body, caller, self._gateway)
        price = credits_of(
            accepted.model, accepted.params.get("resolution", ""), accepted.results, state.assumptions
        )
        self._check_settings(accepted)
        self._check_balance(price, caller)
        self._check_available(accepted.model_name)
        failure = self._failure(path) or self._late_refusal(accepted, reviewed)
        created, processing_from, done_at = self._gateway.timing(path, category)
        how = state.assumptions.text("toapis_private_asset_review")
        if reviewed and how in ("passes_after", "times_out"):
            review = state.assumptions.limit("toapis_private_asset_review_seconds") or 0.0
            processing_from, done_at = processing_from + review, done_at + review
        task = Task(
            id=state.new_id("task_img" if category == "image" else "video"),
            account=caller.account,
            model=accepted.model,
            prompt=accepted.prompt,
            params=accepted.params,
            references=accepted.references,
            credits=price,
            created=created,
            processing_from=processing_from,
            done_at=done_at,
            result_token=secrets.token_urlsafe(24),
            failure=failure,
            gateway="toapis",
            model_name=accepted.model_name,
            client_business_id=accepted.client_business_id,
            host=request.url.hostname or "",
            pixels=documented_pixels(accepted.model["id"], defaults_of(accepted.model) | accepted.params),
            picture_format=self._picture_format(accepted),
            inline_results=body.get("response_format") == "b64_json" and category == "image",
            charged_at_completion=state.assumptions.text("toapis_charge_at") == "completion",
        )
        state.add_task(task, SETTLED[state.assumptions.text("toapis_settlement")])
        if told_at is not None:
            expect_end(task, told_at, self._gateway)
        if (how := state.assumptions.text("toapis_503")) != "off":
            raise ToApisError(how, "The service is unavailable", status=UNAVAILABLE)
        return created_task(task, state)

    def _replayed(self, task: Task) -> dict[str, Any]:
        if self._state.assumptions.text("toapis_replay_answer") == "first_answer":
            return created_task(task, self._state)
        return public_task(task, self._state, self._gateway.base_url)

    def _find_upload(self, url: str, account: str) -> StoredFile | str | None:
        """Return the account's upload at a URL, why there is none, or ``None`` for a foreign URL."""
        ours = f"{self._gateway.base_url}/uploads/"
        if not url.startswith(ours):
            return None
        file = find_upload(self._state, url.removeprefix(self._gateway.base_url))
        return file if file is not None and file.account == account else "no such upload, or not any more"

    def _check_settings(self, accepted: Accepted) -> None:
        """:raises ToApisError: what a switch refuses of every request that is right in itself."""
        assumptions = self._state.assumptions
        persons = [index for index, reference in enumerate(accepted.references, 1) if is_marked(reference)]
        if persons and assumptions.text("toapis_real_person") == "refuse_400":
            text = f"content[{persons[0]}] may contain a real person. Request id: 0123"
            raise ToApisError("privacy", text, status=BAD_REQUEST)
        limit = assumptions.text("toapis_key_limit")
        if limit == "none":
            return
        told = assumptions.value("toapis_key_limit_status")
        status = int(told) if told != "by_limit" else FORBIDDEN if limit == "model" else PAYMENT_REQUIRED
        model = "The key may not use this model"
        text = model if limit == "model" else f"The {limit} limit of the key is reached"
        raise ToApisError("no_access" if status == FORBIDDEN else name_of(status), text, status=status)

    def _late_refusal(self, accepted: Accepted, reviewed: bool) -> Failure | None:
        """Return the failure of a task that only ends so after it was taken in; it costs nothing."""
        assumptions = self._state.assumptions
        review = assumptions.text("toapis_private_asset_review")
        if reviewed and review in ("fails", "times_out"):
            return Failure(self._error("generation_failed", "The media review did not pass"), "full")
        if too_many(len(accepted.references), accepted.model):
            return Failure(self._error("generation_failed", "Too many reference images"), "full")
        return None

    def _repeated(self, accepted: Accepted, caller: ApiKey, category: str, *, reviewed: bool) -> Task | None:
        """:raises ToApisError: the ``client_business_id`` was used before, and the switch forbids that."""
        business_id = accepted.client_business_id
        known = [] if business_id is None else known_tasks(self._state, business_id, caller.account, category)
        how = self._state.assumptions.value("toapis_repeated_client_business_id")
        if not known or how == "new_task" or (how == "same_task_reviewed_only" and not reviewed):
            return None
        if how in ("same_task", "same_task_reviewed_only"):
            first = known[0]
            same = (first.model, first.prompt, first.params) == (
                accepted.model,
                accepted.prompt,
                accepted.params,
            )
            if same or self._state.assumptions.text("toapis_other_body") == "ignored":
                return first
            how = BAD_REQUEST
        text = f"client_business_id: {business_id!r} was used before"
        raise ToApisError("invalid_request", text, status=int(how))

    def _check_balance(self, price: float, caller: ApiKey) -> None:
        balance = self._state.balance(caller.account) - self._state.to_come(caller.account)
        if balance >= price:
            return
        status = self._state.assumptions.count("toapis_quota_status")
        name, headers = "insufficient_quota", {}
        if status != 402:  # the guides name the shortage of quota together with the request rate
            name, headers = "rate_limit_exceeded", self._gateway.retry_after(1, "toapis_retry_after")
        text = f"The current quota is too low: the task takes {price:g} credits, {balance:g} are left"
        raise ToApisError(name, text, status=status, headers=headers)

    def _check_available(self, model: str) -> None:
        """:raises ToApisError: a 503 by which no task is made."""
        how = self._state.assumptions.text("toapis_503")
        if how == "rate_limit_unavailable":
            headers = self._gateway.retry_after(1, "toapis_retry_after")
            raise ToApisError(how, "The limiter of creations is down", status=UNAVAILABLE, headers=headers)
        if how == "no_channel":
            raise ToApisError(how, f"no available channel for model {model}", status=UNAVAILABLE)
        if how != "off" and not self._state.assumptions.flag("toapis_503_makes_task"):
            raise ToApisError(how, "The service is unavailable", status=UNAVAILABLE)

    def _failure(self, path: str) -> Failure | None:
        assumptions = self._state.assumptions
        refund = assumptions.text("toapis_refund_on_failure")
        if self._gateway.faults.take("POST", path, ("content_refused",)) is not None:
            how = assumptions.text("toapis_refused_content")
            if how == "on_create":
                raise ToApisError(REFUSED_CONTENT, REFUSED_CONTENT_TEXT)
            return Failure(self._error(*REFUSED_LATER[how]), refund)
        fault = self._gateway.faults.take("POST", path, ("generation_fails",))
        if fault is None:
            return None
        if "error" in fault.options:
            error = fault.options["error"]
        else:
            error = self._error(assumptions.text("toapis_failed_code"), "The task could not be completed")
        asked = fault.options.get("refund")
        return Failure(error, refund if asked is None else ("full" if asked else "none"))

    def _error(self, code: str, message: str) -> dict[str, Any]:
        form = self._state.assumptions.text("toapis_failed_error")
        if form == "message":
            return {"message": message}
        extra = {"type": "upstream_error", "param": None, "retryable": False} if form == "extra" else {}
        return {"code": code, "message": message, **extra}

    def _picture_format(self, accepted: Accepted) -> Format | None:
        if accepted.model["category"] != "image":
            return None
        wanted = (str(accepted.params.get(key)) for key in FORMAT_KEYS)
        default = FORMATS[self._state.assumptions.text("toapis_result_format")]
        return next((FORMATS[text] for text in wanted if text in FORMATS), default)
