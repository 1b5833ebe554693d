"""From a row to the request of its generation: the templates of the arguments, filled and checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.table.planned import Asked, PlannedRow, RowFault
from airflow_provider_rivya.batch.table.template import (
    TextTemplate,
    UnfitValueError,
    ValueTemplate,
    is_empty,
    is_unicode,
    parse,
    plain_value,
    unknown_columns,
)
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.request.prepare import prepare
from airflow_provider_rivya.request.references import faults_unopened
from airflow_provider_rivya.storage.path import safe_name

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_KEY: Final = 300


class RowMaker:
    """
    Makes planned rows of a table's rows.

    :param asked: what is asked for each row.
    :param gateway: whose catalogue is asked.
    :param warn: is told what the documentation leaves open.
    :param own_key: of the connection: it must stand nowhere in a row.
    :ivar faults: of the templates themselves.
    """

    def __init__(self, asked: Asked, gateway: str, warn: Callable[[str], None], own_key: str = "") -> None:
        self._gateway = gateway
        self._warn = warn
        self._own_key = own_key
        self.faults: list[Fault] = []
        asked = self._asked = _readable(asked, self.faults)
        self._values = {
            name: ValueTemplate.of(getattr(asked, name), name, self.faults)
            for name in ("model", "model_params", "reference_media")
        }
        prompt = asked.prompt
        self._prompt: TextTemplate | Any = (
            parse(prompt, "prompt", self.faults) if isinstance(prompt, str) else prompt
        )
        self._stem = parse(asked.file_name, "file_name", self.faults)
        self._seen: dict[str, None] = {}
        self._keys: dict[str, int] = {}
        self._stems: dict[str, str] = {}

    def make(self, index: int, row: Mapping[str, Any]) -> PlannedRow | list[RowFault]:
        """Fill in a row's values, and check its request; its files are looked at later."""
        if not all(isinstance(column, str) for column in row):
            row = {str(column): value for column, value in row.items()}
        self._seen.update(dict.fromkeys(row))
        key = self._key(index, row)
        if isinstance(key, RowFault):
            made = self._made(index, key.row_key or "", row)
            return [key, *(made if isinstance(made, list) else ())]
        return self._made(index, key, row)

    def _made(self, index: int, key: str, row: Mapping[str, Any]) -> PlannedRow | list[RowFault]:
        """:param key: empty where the row has none."""
        try:
            planned = self._filled(index, key, row)
        except UnfitValueError as error:
            fault = Fault("row", error.problem, error.allowed)
            return [RowFault(index, key or None, fault, error.column, _shown(row.get(error.column)))]
        if self._asked.require_references and (lacking := self._lacking(index, planned, row)):
            return lacking
        return self._checked(planned, row)

    def has(self, column: str | None) -> bool:
        """Whether a row has had a column."""
        return column in self._seen

    def carried(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is carried of a row that is left out; nothing in place of what is not fit for that."""
        found = dict[str, Any].fromkeys(self._asked.carry)
        for column in found:
            with suppress(UnfitValueError):
                found[column] = plain_value(column, row.get(column))
        return found

    def unknown(self) -> list[Fault]:
        """Return faults for columns that no row has had; to be asked when all rows were seen."""
        asked = self._asked
        known = tuple(dict.fromkeys((*self._seen, *asked.columns)))
        found = [
            fault
            for name, template in self._values.items()
            for path, text in template.texts
            for fault in unknown_columns(text, f"{name}{path}", known)
        ]
        if isinstance(self._prompt, TextTemplate):
            found += unknown_columns(self._prompt, "prompt", known)
        found += unknown_columns(self._stem, "file_name", (*known, "row_key"))
        for name in (*([asked.row_key] if asked.row_key else ()), *asked.carry):
            where = "row_key" if name == asked.row_key else "carry"
            found += unknown_columns(TextTemplate(((name,),)), where, known)
        return found + self._misspelt()

    def _misspelt(self) -> list[Fault]:
        """Return faults for columns that nothing is made of, and are called nearly as one that counts."""
        asked = self._asked
        used = {asked.row_key, *asked.carry, *asked.columns, *self._stem.columns}
        used.update(column for _, text in self._texts() for column in text.columns)
        allowed = "another name of it, or one of carry"
        return [
            Fault("rows", f"nothing is made of the column {clean(column, 60)!r}", allowed, meant[0])
            for column in sorted(self._seen.keys() - used)
            if (meant := get_close_matches(column, asked.columns, 1, 0.9))
        ]

    # -- its parts ---------------------------------------------------------------------------------

    def _key(self, index: int, row: Mapping[str, Any]) -> str | RowFault:
        column = self._asked.row_key
        given = row.get(column)
        key, problem = _key_of(column, given)
        if not problem and len(key) > _MAX_KEY:
            problem = f"its row key has {len(key)} characters"
        if not problem and not is_unicode(key):
            problem = "its row key holds half a surrogate pair"
        if not problem and (first := self._keys.setdefault(key, index)) != index:
            problem = f"its row key is that of row {first} too"
        if not problem:
            return key
        fault = Fault("row_key", problem, f"a text or number of its own, up to {_MAX_KEY} characters")
        return RowFault(index, key if key in self._keys else None, fault, column, _shown(given))

    def _lacking(self, index: int, planned: PlannedRow, row: Mapping[str, Any]) -> list[RowFault]:
        """Return what a row that must have references lacks."""
        allowed = "a path, a URI or a URL"
        found = [
            RowFault(
                index,
                planned.key or None,
                Fault(f"reference_media{path}", "it is empty, and require_references is set", allowed),
                column,
                _shown(row.get(column)),
            )
            for path, text in self._values["reference_media"].texts
            for column in text.columns
            if is_empty(row.get(column))
        ]
        if not found and planned.references is None:
            problem = "there is none, and require_references is set"
            found.append(RowFault(index, planned.key or None, Fault("reference_media", problem, allowed)))
        return found

    def _filled(self, index: int, key: str, row: Mapping[str, Any]) -> PlannedRow:
        prompt = self._prompt
        if isinstance(prompt, TextTemplate):
            for column in prompt.columns:
                if is_empty(row.get(column)):
                    self._warn(f"The prompt lacks the column {clean(column, 60)!r}, which is empty")
            whole = prompt.whole
            prompt = prompt.text(row) if whole is None else plain_value(whole, row.get(whole))
        return PlannedRow(
            index=index,
            key=key,
            model=self._values["model"].fill(row) or "",
            prompt=prompt,
            params=_unpacked(self._values["model_params"].fill(row)),
            references=self._asked.locate(self._values["reference_media"].fill(row)) or None,
            stem=safe_name(self._stem.text({**row, "row_key": key})),
            carry={column: plain_value(column, row.get(column)) for column in self._asked.carry},
        )

    def _checked(self, row: PlannedRow, values: Mapping[str, Any]) -> PlannedRow | list[RowFault]:
        from airflow_provider_rivya.catalog.bundled import load_catalog
        from airflow_provider_rivya.catalog.price import estimate_credits, image_count

        model: Any = row.model
        known = isinstance(model, str) and self._asked.validation == "strict"
        spec = load_catalog(self._gateway).get(model) if known else None
        prepared, faults = None, faults_unopened(row.references, spec)
        try:
            prepared = prepare(
                row.arguments(self._asked),
                [] if row.references is None else None,
                gateway=self._gateway,
                own_key=self._own_key,
                warn=self._warn,
            )
        except InvalidRequestError as error:
            faults += error.faults
        if prepared is None or faults:
            return [self._told(row, fault, values) for fault in faults]
        request = prepared.request
        price = estimate_credits(prepared.spec, request.params) if prepared.spec else None
        count = image_count(request.params)
        stems = [row.stem] if count == 1 else [f"{row.stem}-{number}" for number in range(count)]
        for stem in stems if row.key else ():
            # Some stores, and the disks of some readers, do not tell capitals from small letters.
            if (other := self._stems.setdefault(stem.lower(), row.key)) != row.key:
                fault = Fault("file_name", f"its file is called {stem!r} as that of row {clean(other, 80)!r}")
                return [RowFault(row.index, row.key, fault)]
        return replace(
            row,
            price=price.credits if price else None,
            exact=bool(price and price.exact),
            fingerprint=request.fingerprint if row.references is None else None,
            category=request.category,
        )

    def _told(self, row: PlannedRow, fault: Fault, values: Mapping[str, Any]) -> RowFault:
        """Name the column that a fault comes from, where there is one."""
        columns = dict.fromkeys(
            column
            for path, text in self._texts()
            if fault.path == path or fault.path.startswith((f"{path}.", f"{path}["))
            for column in text.columns
        )
        if len(columns) != 1:
            return RowFault(row.index, row.key or None, fault)
        column = next(iter(columns))
        return RowFault(row.index, row.key or None, fault, column, _shown(values.get(column)))

    def _texts(self) -> Iterator[tuple[str, TextTemplate]]:
        if isinstance(self._prompt, TextTemplate):
            yield "prompt", self._prompt
        for name, template in self._values.items():
            for path, text in template.texts:
                yield f"{name}{path}", text


def _key_of(column: str, given: Any) -> tuple[str, str]:
    """Return a row's key as text, and why it is none."""
    if is_empty(given) or (isinstance(given, str) and not given.strip()):
        return "", "it has no row key"
    if isinstance(given, str):
        return given, ""
    value: Any = None
    if not isinstance(given, bool | date | time):
        with suppress(UnfitValueError):  # a database's own kinds of numbers
            value = plain_value(column, given)
    if not isinstance(value, str | int | float):
        return "", f"a {type(given).__name__} cannot be a row key"
    if isinstance(value, float) and not value.is_integer():
        return "", "a fraction cannot be a row key"
    return str(int(value)) if isinstance(value, float) else str(value), ""


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(clean(value, 80))
    try:
        return clean(repr(value), 80)
    except (ValueError, RecursionError):  # a number of thousands of digits, a value that is too deep
        return f"a {type(value).__name__}"


def _readable(asked: Asked, faults: list[Fault]) -> Asked:
    """Tell what is no name or text at all, and leave it out, so that the rest can be checked too."""
    given: tuple[Any, Any, Any] = (asked.row_key, asked.file_name, asked.model_params)
    row_key, file_name, params = given
    if not isinstance(row_key, str) or not row_key:
        faults.append(Fault("row_key", f"{_shown(row_key)} is not a column's name", "the name of a column"))
        row_key = ""
    if not isinstance(file_name, str) or not file_name.strip():
        faults.append(Fault("file_name", f"{_shown(file_name)} names no file", "a text such as {row_key}"))
        file_name = "{row_key}"
    return replace(asked, row_key=row_key, file_name=file_name, model_params=_unpacked(params))


def _unpacked(params: Any) -> Any:
    """Return what a text of JSON says: from a template file, or rendered, or of a row; else the text."""
    if isinstance(params, str):
        with suppress(ValueError, RecursionError):
            return json.loads(params)
    return params
