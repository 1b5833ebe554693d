"""Writes the index of a gateway's model pages: all models by category and by what they can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from airflow_provider_rivya.catalog import summary
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.names import meaning_of
from tools.models.markdown import cell, table
from tools.models.target import TARGETS

_COLUMNS = {
    "image": ("aspect ratio", "resolution", "output format"),
    "video": ("duration", "resolution", "aspect ratio"),
    "audio": ("duration", "voice", "output format"),
}
_TITLES = {"image": "Images", "video": "Video", "audio": "Audio"}
_PRICES = {
    "rivya": "A price marked with ~ is a base price: metered, or changed by a parameter.",
    "toapis": "A price marked with ~ is a list price of its guides, the account's own price decides; ? is "
    "not documented. Where the pages of the documentation contradict each other, what any of them allows is "
    "sent, with a warning.",
}
_WIDEST = 60


def render(catalog: Catalog) -> str:
    """Return the text of the index."""
    titles = {key: title for key, title in _TITLES.items() if any(spec.category == key for spec in catalog)}
    title, address = TARGETS[catalog.gateway].other
    blocks = [
        "# Models" if catalog.gateway == "rivya" else f"# Models of {catalog.title}",
        f"The {len(catalog)} generation models of {catalog.title}, from its public "
        f"documentation of {catalog.as_of} (<{catalog.source}>). {_PRICES[catalog.gateway]} "
        f"The other gateway: [{title}]({address}).",
        "By category: "
        + ", ".join(f"[{title}](#{title.lower()})" for title in titles.values())
        + ". By capability: [references](#takes-reference-files), [output format](#choice-of-output-format), "
        "[resolution](#choice-of-resolution), [duration](#choice-of-duration), [more](#more), "
        "[price](#by-price).",
    ]
    blocks.append('<div id="model-filter"></div>')
    for category, title in titles.items():
        blocks += [f"## {title}", _category(catalog, category)]
    blocks += ["## Takes reference files", _references(catalog)]
    for meaning, grouped in (
        ("output format", _formats),
        ("resolution", _resolutions),
        ("duration", _durations),
    ):
        blocks += [f"## Choice of {meaning}", _by_value(catalog, meaning, grouped)]
    blocks += ["## More", _more(catalog), "## By price", _by_price(catalog)]
    return "\n\n".join(blocks) + "\n"


def param_for(spec: ModelSpec, meaning: str) -> ParamSpec | None:
    """The parameter that a model has for something, whatever it calls it."""
    return next((param for param in spec.params if meaning_of(param) == meaning), None)


def values(param: ParamSpec) -> str:
    """The values of a parameter in a few characters."""
    if param.choices:
        return ", ".join(str(choice) for choice in param.choices)
    if param.type == "number":
        if param.min is None and param.max is None:
            return "a number"
        if param.max is None:
            return f"from {param.min}"
        bounds = [param.min, param.max]
        return " to ".join("" if bound is None else str(bound) for bound in bounds)
    if param.type != "select":
        return "a text"
    if _consecutive(param.options):
        return f"{param.options[0]} to {param.options[-1]}"
    listed = ", ".join(param.options)
    return listed if len(listed) <= _WIDEST else f"{len(param.options)} choices"


def _consecutive(options: Sequence[str]) -> bool:
    if len(options) < 3 or not all(option.isdigit() for option in options):
        return False
    numbers = [int(option) for option in options]
    return numbers == list(range(numbers[0], numbers[-1] + 1))


def _link(spec: ModelSpec) -> str:
    return f"[{spec.id}]({spec.id}.md)"


def _links(specs: Iterable[ModelSpec]) -> str:
    return ", ".join(_link(spec) for spec in specs)


def _category(catalog: Catalog, category: str) -> str:
    meanings = _COLUMNS[category]
    rows = []
    for spec in catalog:
        if spec.category != category:
            continue
        found = [param_for(spec, meaning) for meaning in meanings]
        limit = spec.prompt.max_length
        rows.append(
            [
                _link(spec),
                summary.price(spec),
                summary.references(spec) or ("URLs" if "url" in spec.inputs else ""),
                *(cell(values(param)) if param else "" for param in found),
                f"{limit:,}" if limit else "",
            ]
        )
    heads = ["Model", "Credits", "References", *(text.capitalize() for text in meanings), "Prompt up to"]
    return table(heads, rows)


def _references(catalog: Catalog) -> str:
    def taking(kind: str) -> list[ModelSpec]:
        return [spec for spec in catalog if spec.reference is not None and kind in spec.reference.by_kind]

    def most(spec: ModelSpec) -> int:
        return (spec.reference.max_files if spec.reference else None) or 0

    rows = []
    for category in _TITLES:
        for kind in ("image", "video", "audio"):
            found = sorted(
                (spec for spec in taking(kind) if spec.category == category), key=most, reverse=True
            )
            if found:
                listed = ", ".join(f"{_link(spec)} ({most(spec) or '?'})" for spec in found)
                rows.append([kind, category, listed])
    urls = [spec for spec in catalog if "url" in spec.inputs]
    unseen = [spec for spec in catalog if spec.reference is None and not spec.reference_complete]
    by_kind = table(("From", "To", "Models (most files at once)"), rows)
    blocks = [by_kind]
    if urls:
        blocks.append(f"By public URL in the parameters, without an upload: {_links(urls)}.")
    if unseen:
        blocks.append(f"Takes files, but the rule is not documented: {_links(unseen)}.")
    return "\n\n".join(blocks)


def _by_value(catalog: Catalog, meaning: str, grouped: Callable[[ParamSpec], Iterable[str]]) -> str:
    """A row for each group of values: the models that have it."""
    found: dict[str, list[ModelSpec]] = {}
    for spec in catalog:
        param = param_for(spec, meaning)
        if param is not None and (
            param.options or param.choices or param.min is not None or param.max is not None
        ):
            for value in dict.fromkeys(grouped(param)):
                found.setdefault(value, []).append(spec)
    rows = [[cell(value), _links(found[value])] for value in sorted(found, key=_natural)]
    return table((meaning.capitalize(), "Models"), rows)


def _resolutions(param: ParamSpec) -> Iterable[str]:
    """``4k`` and ``4K`` are one resolution where the case does not matter."""
    if not param.any_case:
        return param.options
    return [option.replace("k", "K").replace("P", "p") for option in param.options]


def _formats(param: ParamSpec) -> Iterable[str]:
    """``mp3_44100_128`` is an mp3; jpg and jpeg are one format in two spellings."""
    families = (option.partition("_")[0] for option in param.options)
    return ["jpeg or jpg" if family in ("jpg", "jpeg") else family for family in families]


def _durations(param: ParamSpec) -> Iterable[str]:
    return [f"{values(param)} s"]


def _natural(text: str) -> tuple[int, float, str]:
    """Numbers by size, then words; of several numbers the last one counts."""
    last = text.removesuffix(" s").rpartition(" ")[2]
    try:
        size = float(last.rstrip("pPK"))
    except ValueError:
        return (1, 0, text)
    return (0, size * (1000 if last.endswith("K") else 1), text)


def _more(catalog: Catalog) -> str:
    def has(*meanings: str) -> Callable[[ModelSpec], bool]:
        return lambda spec: any(param_for(spec, meaning) for meaning in meanings)

    tests: tuple[tuple[str, Callable[[ModelSpec], bool]], ...] = (
        ("Several images from one task", _makes_several),
        ("Repeats a result by a seed", has("seed")),
        ("Takes a negative prompt", has("negative prompt")),
        ("Sound can be switched", has("sound")),
        ("Looks things up on the web", has("web search")),
        ("Returns the last frame as a still", lambda spec: "return_last_frame" in spec.param_by_key),
        ("Fixed camera", has("fixed camera")),
        ("Prompt of 10,000 characters and more", lambda spec: (spec.prompt.max_length or 0) >= 10_000),
        ("Needs no prompt", lambda spec: not spec.prompt.required),
    )
    rows = [[title, _links(filter(test, catalog))] for title, test in tests]
    return table(("Can", "Models"), [row for row in rows if row[1]])


def _makes_several(spec: ModelSpec) -> bool:
    param = param_for(spec, "number of images")
    return param is not None and max(param.choices, default=2) > 1


def _by_price(catalog: Catalog) -> str:
    ordered = sorted(catalog, key=lambda spec: (spec.credits is None, spec.credits or 0, spec.id))
    rows = [[summary.price(spec), _link(spec), spec.category] for spec in ordered]
    return table(("Credits", "Model", "Makes"), rows)
