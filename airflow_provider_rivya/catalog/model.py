"""What each model accepts, as frozen data: parameters, prompt, reference media, prices, rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.catalog.conditions import Dispute, Refusal, Rule, Scalar

ParamType: TypeAlias = Literal["select", "number", "text", "array", "boolean", "object", "json"]

_WORD_BREAKS = re.compile(r"[\s_./:]+")
_MAX_ID_LENGTH = 100
_MIN_PART_LENGTH = 3


@dataclass(frozen=True)
class ItemField:
    """One text field of an object inside an array parameter, e.g. ``voice`` of a dialogue line."""

    key: str
    type: Literal["string"]


@dataclass(frozen=True)
class ItemRule:
    """What the items of an array parameter look like: objects with these fields."""

    type: Literal["object"]
    fields: tuple[ItemField, ...]


@dataclass(frozen=True)
class ParamSpec:
    """
    One entry of a model's parameter table.

    :param key: the spelling of this model; it is not uniform across models.
    :param type: what goes on the wire: ``select`` a JSON string out of ``options`` (``"true"`` and ``"5"``
        too), ``number`` a JSON number, ``text`` a JSON string, ``array`` a JSON array, ``boolean`` true or
        false, ``object`` a JSON object, ``json`` any JSON value.
    :param default: what the gateway is documented to use when the key is absent; it is never sent for it.
    :param step: the grid of a number, counted from ``min``.
    :param note: a remark of the documentation that bears on the value.
    :param choices: the only numbers that are allowed; empty where ``min``, ``max`` and ``step`` tell.
    :param unquoted: a number in quotes is refused, although it could be read: the documentation says so.
    :param any_case: an option is understood in capitals and small letters, and sent as the page spells it.
    :param open: why a select may have options beyond the listed ones; those are sent with a warning.
    :param disputed: what only some of the pages allow.
    :param refused: what the pages allow and this package does not send.
    :param also_called: names that a writer may use for it, coming from another model.
    """

    key: str
    type: ParamType
    required: bool = False
    default: Scalar | None = None
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    options: tuple[str, ...] = ()
    note: str = ""
    items: ItemRule | None = None
    choices: tuple[int | float, ...] = ()
    unquoted: bool = False
    any_case: bool = False
    open: str = ""
    disputed: tuple[Dispute, ...] = ()
    refused: tuple[Refusal, ...] = ()
    also_called: tuple[str, ...] = ()

    @cached_property
    def option_set(self) -> frozenset[str]:
        """The options, for look-up."""
        return frozenset(self.options)

    @cached_property
    def option_by_lower(self) -> dict[str, str]:
        """The options by their spelling in small letters."""
        return {option.lower(): option for option in self.options}

    @property
    def is_url(self) -> bool:
        """Whether the text is a public URL, as on the models that take URLs instead of uploads."""
        return self.type == "text" and self.key.endswith("_url")


@dataclass(frozen=True)
class KindRule:
    """
    What the model accepts of one kind of reference file.

    :param kind: ``image``, ``video`` or ``audio``.
    :param max_size_mb: in MB; ``None`` where the model's page gives none (the gateway's default rules then).
    :param mime_types: empty where the model's page gives none.
    :param disputed: formats beside these that only some pages allow.
    """

    kind: str
    max_size_mb: int | float | None = None
    mime_types: tuple[str, ...] = ()
    disputed: tuple[Dispute, ...] = ()


@dataclass(frozen=True)
class ReferenceMode:
    """
    One combination of reference kinds that a model offers.

    :param when: the documentation's name for it.
    :param at_most: kind and greatest number, for each kind that the mode limits.
    :param at_least: kind and smallest number, for each kind that the mode needs.
    """

    when: str
    at_most: tuple[tuple[str, int], ...] = ()
    at_least: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ReferenceRule:
    """
    What a model accepts as reference media.

    :param max_files: of all kinds together; ``None`` where it is not documented.
    :param min_files: without which the gateway takes no request.
    :param rule: the rule in words.
    :param duration_token_kinds: kinds whose length the gateway verifies, by a token that an upload returns.
    :param per_mode: where the limits depend on the combination; one mode has to fit.
    :param urls: whether public URLs are documented to be taken as they are.
    :param disputed: numbers of files that only some pages allow.
    """

    kinds: tuple[KindRule, ...]
    max_files: int | None = None
    min_files: int = 0
    rule: str = ""
    duration_token_kinds: tuple[str, ...] = ()
    per_mode: tuple[ReferenceMode, ...] = ()
    urls: bool = False
    disputed: tuple[Dispute, ...] = ()

    @cached_property
    def by_kind(self) -> dict[str, KindRule]:
        """The rules by kind."""
        return {rule.kind: rule for rule in self.kinds}


@dataclass(frozen=True)
class PromptRule:
    """
    Whether there has to be a prompt, and how long it may be.

    :param max_length: in characters; ``None`` where no limit is documented.
    :param disputed: smaller limits that other pages give.
    """

    required: bool
    max_length: int | None = None
    disputed: tuple[Dispute, ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """
    Everything the catalogue knows of one model.

    :param inputs: ``text``, ``file`` (uploaded references), ``url`` (public URLs in parameters).
    :param credits: the documented base price of one generation; ``None`` where no page shows one.
    :param billing: ``FIXED``, ``METERED``, ``PER_IMAGE`` or ``UNKNOWN``; the list is open.
    :param price_sensitive_params: parameters documented to change the price; the amounts are not.
    :param params_complete: whether ``params`` is all there is.
    :param reference: ``None`` with ``reference_complete``: the model takes no files. ``None`` without it:
        the rule was not seen.
    :param unknown: what the public documentation left open, for people.
    :param aliases: further ids under which pages of the documentation know the model.
    :param alias_note: what the pages say about those.
    :param dialect: how requests of this model are spelled, at a gateway whose pages differ in it.
    :param rules: which values go together.
    :param price_by: documented prices by the values of one parameter, ``(key, ((value, credits),))``.
    :param price_note: why no price of the gateway is exact; empty where prices are.
    :param pages: further pages that tell of the model.
    """

    id: str
    name: str
    category: str
    api_status: str
    inputs: tuple[str, ...]
    credits: int | float | None
    billing: str
    prompt: PromptRule
    params_required: bool
    params: tuple[ParamSpec, ...]
    params_complete: bool
    reference: ReferenceRule | None
    reference_complete: bool
    source: str
    file_defaults: tuple[KindRule, ...]
    api_input_status: str = ""
    price_sensitive_params: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    alias_note: str = ""
    dialect: Dialect | None = None
    rules: tuple[Rule, ...] = ()
    price_by: tuple[str, tuple[tuple[str, int | float], ...]] | None = None
    price_note: str = ""
    pages: tuple[str, ...] = ()

    @cached_property
    def param_by_key(self) -> dict[str, ParamSpec]:
        """The parameters by key."""
        return {param.key: param for param in self.params}

    @cached_property
    def required_params(self) -> tuple[ParamSpec, ...]:
        """The parameters that a request must carry."""
        return tuple(param for param in self.params if param.required)

    def file_rule(self, kind: str) -> KindRule | None:
        """Limits for one kind of file: the model's own; where it has none, the gateway's defaults."""
        own = self.reference.by_kind.get(kind) if self.reference else None
        default = next((rule for rule in self.file_defaults if rule.kind == kind), None)
        if own is None or default is None:
            return own or default
        size = default.max_size_mb if own.max_size_mb is None else own.max_size_mb
        if not own.mime_types:
            return KindRule(kind, size, default.mime_types, own.disputed or default.disputed)
        return KindRule(kind, size, own.mime_types, own.disputed)


def normalised_id(text: str) -> str:
    """Bring a model's name into the spelling of ids: ``Nano_Banana 2`` becomes ``nano-banana-2``."""
    return _WORD_BREAKS.sub("-", text.strip().lower())


@dataclass(frozen=True)
class Catalog:
    """
    All models of one gateway, in the order of the bundled file.

    :param as_of: date of the documentation that the data were taken from, ISO 8601.
    :param source: address of that documentation.
    :param title: the gateway's name as it writes it.
    """

    gateway: str
    as_of: str
    source: str
    models: tuple[ModelSpec, ...]
    title: str

    @cached_property
    def _by_id(self) -> dict[str, ModelSpec]:
        aliases = {alias: spec for spec in self.models for alias in spec.aliases}
        return aliases | {spec.id: spec for spec in self.models}

    @cached_property
    def _by_spelling(self) -> dict[str, str]:
        names = {normalised_id(spec.name): spec.id for spec in self.models}
        return names | {normalised_id(model_id): spec.id for model_id, spec in self._by_id.items()}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all models, without their aliases."""
        return tuple(dict.fromkeys(spec.id for spec in self.models))

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __contains__(self, model_id: object) -> bool:
        return isinstance(model_id, str) and model_id in self._by_id

    def get(self, model_id: str) -> ModelSpec | None:
        """Return the model with exactly this id, or with this alias."""
        return self._by_id.get(model_id)

    def nearest(self, model_id: str) -> tuple[str, ...]:
        """
        Return up to three ids that the writer may have meant, best first.

        Case, blanks, dots and underscores do not count, and display names are understood
        (``"Seedream 5.0 Lite"`` is ``seedream-5-lite``); such a match is returned alone. A part of a name
        (``"qwen"``) finds the models that carry it.
        """
        if len(model_id) > _MAX_ID_LENGTH:
            return ()
        wanted = normalised_id(model_id)
        if found := self._by_spelling.get(wanted):
            return (found,)
        import difflib

        close = difflib.get_close_matches(wanted, self._by_spelling, n=6, cutoff=0.6)
        if not close and len(wanted) >= _MIN_PART_LENGTH:
            close = [spelling for spelling in self._by_spelling if wanted in spelling]
        return tuple(dict.fromkeys(self._by_spelling[spelling] for spelling in close))[:3]
