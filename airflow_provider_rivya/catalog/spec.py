"""
What each model accepts, as plain frozen data.

The figures come from the gateway's public model pages (https://rivya.ai/docs/api/models) and are bundled
as ``<gateway>.json`` beside this module. Nothing is read at import: a DAG file that imports an operator
does not pay for a catalogue it may never look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, NamedTuple, TypeAlias

Scalar: TypeAlias = str | int | float
ParamType: TypeAlias = Literal["select", "number", "text", "array"]

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
        too), ``number`` a JSON number, ``text`` a JSON string, ``array`` a JSON array.
    :param default: what the gateway is documented to use when the key is absent; it is never sent for it.
    :param step: the grid of a number, counted from ``min``.
    :param note: a remark of the documentation that bears on the value.
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

    @cached_property
    def option_set(self) -> frozenset[str]:
        """The options, for look-up."""
        return frozenset(self.options)

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
    """

    kind: str
    max_size_mb: int | float | None = None
    mime_types: tuple[str, ...] = ()


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
    :param rule: the rule in words.
    :param duration_token_kinds: kinds whose length the gateway verifies, by a token that an upload returns.
    :param per_mode: where the limits depend on the combination; one mode has to fit.
    """

    kinds: tuple[KindRule, ...]
    max_files: int | None = None
    rule: str = ""
    duration_token_kinds: tuple[str, ...] = ()
    per_mode: tuple[ReferenceMode, ...] = ()

    @cached_property
    def by_kind(self) -> dict[str, KindRule]:
        """The rules by kind."""
        return {rule.kind: rule for rule in self.kinds}


@dataclass(frozen=True)
class PromptRule:
    """``max_length`` is in characters; ``None`` where no limit is documented."""

    required: bool
    max_length: int | None = None


@dataclass(frozen=True)
class ModelSpec:
    """
    Everything the catalogue knows of one model.

    :param inputs: ``text``, ``file`` (uploaded references), ``url`` (public URLs in parameters).
    :param credits: the documented base price of one generation.
    :param billing: ``FIXED`` or ``METERED``; the list is open.
    :param price_sensitive_params: parameters documented to change the price; the amounts are not.
    :param params_complete: whether ``params`` is all there is.
    :param reference: ``None`` with ``reference_complete``: the model takes no files. ``None`` without it:
        the rule was not seen.
    :param unknown: what the public documentation left open, for people.
    """

    id: str
    name: str
    category: str
    api_status: str
    api_input_status: str
    inputs: tuple[str, ...]
    credits: int | float
    billing: str
    prompt: PromptRule
    params_required: bool
    params: tuple[ParamSpec, ...]
    params_complete: bool
    reference: ReferenceRule | None
    reference_complete: bool
    source: str
    file_defaults: tuple[KindRule, ...]
    price_sensitive_params: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

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
        return KindRule(kind, size, own.mime_types or default.mime_types)


class Price(NamedTuple):
    """``exact`` is false where the documentation says the price depends on more than the model."""

    credits: int | float
    exact: bool


def estimate_credits(spec: ModelSpec) -> Price:
    """
    Tell the price of one generation.

    No public page gives a price per parameter, so this is the base price, and exact only for a model with
    ``FIXED`` billing and no parameter that is documented to change the price.
    """
    return Price(spec.credits, spec.billing == "FIXED" and not spec.price_sensitive_params)


def normalised_id(text: str) -> str:
    """Bring a model's name into the spelling of ids: ``Nano_Banana 2`` becomes ``nano-banana-2``."""
    return _WORD_BREAKS.sub("-", text.strip().lower())


@dataclass(frozen=True)
class Catalog:
    """
    All models of one gateway, in the order of the bundled file.

    :param as_of: date of the documentation that the data were taken from, ISO 8601.
    :param source: address of that documentation.
    """

    gateway: str
    as_of: str
    source: str
    models: tuple[ModelSpec, ...]

    @cached_property
    def _by_id(self) -> dict[str, ModelSpec]:
        return {spec.id: spec for spec in self.models}

    @cached_property
    def _by_spelling(self) -> dict[str, str]:
        names = {normalised_id(spec.name): spec.id for spec in self.models}
        return names | {normalised_id(spec.id): spec.id for spec in self.models}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all models."""
        return tuple(self._by_id)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __contains__(self, model_id: object) -> bool:
        return isinstance(model_id, str) and model_id in self._by_id

    def get(self, model_id: str) -> ModelSpec | None:
        """Return the model with exactly this id."""
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


@cache
def load_catalog(gateway: str = "rivya") -> Catalog:
    """
    Return the bundled catalogue of a gateway; it is read once per process.

    :param gateway: ``rivya``.
    :raises ValueError: when no such catalogue is bundled, or the bundled file is not what this version reads.
    """
    # Deferred: importlib.resources and json cost more than this whole module.
    import json
    from importlib import resources

    from airflow_provider_rivya.catalog.parsing import parse_catalog

    file = resources.files(__package__).joinpath(f"{gateway}.json") if gateway.isidentifier() else None
    if file is None or not file.is_file():
        raise ValueError(f"no model catalogue is bundled for the gateway {gateway!r}")
    return parse_catalog(json.loads(file.read_text(encoding="utf-8")))


def category_of(gateway: str, model_id: str) -> str:
    """Return the category of a model; ``image`` for one that the catalogue does not know."""
    spec = load_catalog(gateway).get(model_id)
    return spec.category if spec else "image"
