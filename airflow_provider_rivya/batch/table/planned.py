"""What is asked for each row of a table, a row as it is planned, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.request.budget import NO_BUDGET, Budget
from airflow_provider_rivya.request.prepare import RequestArguments

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.media.verify import Verify


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the author of a batch asks for each row, as it was given.

    :param row_key: the column that names a row.
    :param model: with ``prompt``, ``model_params`` and ``reference_media``: as a generation's, with places
        for columns in any text.
    :param file_name: what a row's file is called, without extension.
    :param carry: columns that are handed on in the manifest.
    :param require_references: a row with an empty reference, or without any, is wrong.
    :param columns: that the table may have although no row shows them.
    :param locate: says of a row's references where they are.
    """

    row_key: str
    model: Any
    prompt: Any = None
    model_params: Any = None
    reference_media: Any = None
    file_name: str = "{row_key}"
    carry: Sequence[str] = ()
    validation: Validation = "strict"
    budget: Budget = NO_BUDGET
    convert_reference_images: bool = False
    verify: Verify = "structure"
    require_references: bool = False
    dialect: Any = None
    columns: Sequence[str] = ()
    locate: Callable[[Any], Any] = lambda references: references


@dataclass(frozen=True, slots=True)
class RowFault:
    """
    One thing wrong with a row.

    :param column: where it comes from, if it is one column's.
    :param value: what stands there.
    """

    index: int
    row_key: str | None
    fault: Fault
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        row = f"row {self.index}" if self.row_key is None else f"row {clean(self.row_key, 80)!r}"
        return f"{row}{': ' if self.column is None else ', '}{self.of_row()}"

    def of_row(self) -> str:
        """Say what is wrong, to whom the row is told already."""
        where = "" if self.column is None else f"column {self.column!r} ({self.value}): "
        return f"{where}{self.fault}"

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "row_key": self.row_key,
            "column": self.column,
            "value": self.value,
            **asdict(self.fault),
        }


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """
    A row as it is planned: nothing of its source is read again.

    :param stem: name of its files, without extension.
    :param price: what its generation costs by the documentation; ``None``: no page tells.
    :param fingerprint: of its request; ``None`` if it has references, whose content belongs to it.
    :param invalid: what is wrong with it, where such rows are left out.
    """

    index: int
    key: str
    model: str
    prompt: Any = None
    params: Any = None
    references: Any = None
    stem: str = ""
    carry: Mapping[str, Any] = field(default_factory=dict)
    price: float | None = None
    exact: bool = True
    fingerprint: str | None = None
    category: str = "image"
    invalid: str | None = None

    def arguments(self, asked: Asked) -> RequestArguments:
        """Return the request, without an output place: that is the batch's."""
        return RequestArguments(
            model=self.model,
            prompt=self.prompt,
            model_params=self.params,
            reference_media=self.references,
            validation=asked.validation,
            budget=asked.budget,
            convert_reference_images=asked.convert_reference_images,
            verify=asked.verify,
            require_references=asked.require_references,
            dialect=asked.dialect,
            subject=f"Row {clean(self.key, 80)!r}",
        )
