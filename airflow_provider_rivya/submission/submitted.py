"""What a task asks for, and what it has got: the two ends of a submission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_rivya.submission.record import Record

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.request.request import GenerationRequest


@dataclass(frozen=True, slots=True)
class Submitted:
    """
    A generation that exists at the gateway.

    :param record: in state ``submitted`` or ``delivered``.
    :param answer: what the create call returned; ``None`` when an earlier try had submitted it.
    """

    record: Record
    answer: Generation | None

    @property
    def generation_id(self) -> str:
        return self.record.generation_id or ""

    def category(self, gateway: str) -> str:
        """Where the gateway keeps it: ``image``, ``video`` or ``audio``."""
        from airflow_provider_rivya.catalog.spec import category_of

        return self.record.category or category_of(gateway, self.record.model)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What the task asks for as it renders now.

    :param request: validated; ``None`` when it cannot be made any more.
    :param make_body: gets the key; uploads the references and returns the exact JSON text.
    """

    request: GenerationRequest | None
    make_body: Callable[[str], str]
