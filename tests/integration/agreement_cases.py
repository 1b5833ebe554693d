"""For every model of the catalogue: the requests that keep its rules, and each rule broken once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

DATA: dict[str, Any] = json.loads(
    files("airflow_provider_rivya").joinpath("catalog", "rivya.json").read_text(encoding="utf-8")
)
MODELS: list[dict[str, Any]] = DATA["models"]
PROMPT = "A lighthouse in a storm"
URL = "https://example.org/media/a.mp4"
LARGEST_EXACT = 2**53 - 1
ASPECT_SPELLINGS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize", "size", "aspect-ratio")
ARGUMENTS = ("prompt", "files", "referenceMedia", "client_request_id", "model")
FILES = ("image", "video", "audio", "webm", "mkv", "large image")
MOST_TRIED = 12
NO_OBJECTS: list[Any] = [[], "words", 5]
NO_OPTIONS: list[Any] = ["zzz", "", True, False, 5, 10, 0.5, 7.0, -1, []]
NO_NUMBERS: list[Any] = ["words", "", " 5", True, False, [], float("nan"), float("inf")]
NO_TEXTS: list[Any] = [5, 0.5, True, [], ["words"]]
ANY_TEXTS = ("", "  ", "words", "灯台", "ftp://example.org/a.mp4", "https://", "https://a b/c", "http://[::1")
NO_ARRAYS: list[Any] = [[], "words", 5, [1], [None], [[]], [{}], ["words"]]


@dataclass(frozen=True)
class Case:
    """
    One request, before any normalisation.

    :param rule: what it keeps or breaks; the same word for the same rule of different models.
    :param references: names out of :data:`FILES`.
    """

    rule: str
    model: object
    prompt: object
    params: Any
    references: tuple[str, ...] = field(default=())


def right_value(param: dict[str, Any]) -> Any:
    if param["type"] == "select":
        return param.get("default", param["options"][0])
    if param["type"] == "number":
        return param.get("default", param.get("min", 1))
    if param["type"] == "array":
        return [dict.fromkeys((part["key"] for part in param["items"]["fields"]), "Adam")]
    return URL if param["key"].endswith("_url") else "words"


def minimal(model: dict[str, Any]) -> Case:
    params = {param["key"]: right_value(param) for param in model["params"] if param.get("required")}
    return Case("minimal", model["id"], PROMPT if model["prompt"]["required"] else None, params)


def cases(model: dict[str, Any]) -> Iterator[Case]:
    """Every case of one model."""
    base = minimal(model)
    yield base
    yield from _prompts(model, base)
    yield from _keys(model, base)
    for param in model["params"]:
        for rule, value in _values(param):
            yield Case(
                f"{param['type']}: {rule}", base.model, base.prompt, {**base.params, param["key"]: value}
            )
        if param.get("required"):
            left = {key: value for key, value in base.params.items() if key != param["key"]}
            yield Case("required parameter missing", base.model, base.prompt, left)
    for used in _references(model):
        yield Case("references", base.model, base.prompt, base.params, used)


def _prompts(model: dict[str, Any], base: Case) -> Iterator[Case]:
    for rule, prompt in (
        ("missing", None),
        ("blank", " \n\t"),
        ("empty", ""),
        ("a number", 5),
        ("a list", ["a"]),
        ("a boolean", True),
        ("given", PROMPT),
        ("one character", "灯"),
    ):
        yield Case(f"prompt: {rule}", base.model, prompt, base.params)
    limit = model["prompt"].get("max_length")
    if limit is not None:
        yield Case("prompt: as long as allowed", base.model, "x" * limit, base.params)
        yield Case("prompt: too long by one", base.model, "x" * (limit + 1), base.params)
        yield Case("prompt: too long by one, not ASCII", base.model, "é" * (limit + 1), base.params)


def _keys(model: dict[str, Any], base: Case) -> Iterator[Case]:
    own = {param["key"] for param in model["params"]}
    yield Case("model: other case", str(base.model).upper(), base.prompt, base.params)
    yield Case("model: unknown", f"{base.model}-x", base.prompt, base.params)
    yield Case("model: a number", 5, base.prompt, base.params)
    for shape in NO_OBJECTS:
        yield Case("params: no object", base.model, base.prompt, shape)
    yield Case("unknown key", base.model, base.prompt, {**base.params, "zzz_unheard_of": "x"})
    for key in ASPECT_SPELLINGS:
        if key not in own:
            yield Case("another model's key", base.model, base.prompt, {**base.params, key: "1:1"})
    for key in ARGUMENTS:
        if key not in own:
            yield Case("an argument as a key", base.model, base.prompt, {**base.params, key: "x"})


def _values(param: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "null", None
    yield "an object", {"a": 1}
    yield "a list of a list", [["x"]]
    yield from {"select": _selects, "number": _numbers, "text": _texts, "array": _arrays}[param["type"]](
        param
    )


def _selects(param: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for option in param["options"]:
        yield "an option", option
        yield "blanks around", f" {option}"
        if option.swapcase() not in param["options"]:
            yield "other case", option.swapcase()
    for value in NO_OPTIONS:
        yield "something else", value


def _numbers(param: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    least, most, step = param.get("min"), param.get("max"), param.get("step")
    right = right_value(param)
    yield "right", right
    yield "a text that reads as one", str(right)
    for value in NO_NUMBERS:
        yield "something else", value
    if least is not None:
        yield "the least", least
        yield "the least as a float", float(least)
        yield "below the least", least - (step or 1)
        yield "far below the least", -(10**9)
    if most is not None:
        yield "the most", most
        yield "above the most", most + (step or 1)
        yield "far above the most", 10**12
    if step is not None:
        start = least or 0
        yield "off the step", start + step / 2
        yield "off the step by a little", start + step * 1.01
        for count in range(1, 8):
            yield "on the step", start + step * count
    else:
        yield "a fraction", (least or 0) + 0.5
    # Where there is a greatest value this one is just above that.
    yield "beyond the exact integers", LARGEST_EXACT + 1


def _texts(param: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "right", right_value(param)
    for value in NO_TEXTS:
        yield "something else", value
    for text in ANY_TEXTS:
        yield "any text", text
    yield "a URL", "http://example.org/a?b=c#d"


def _arrays(param: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    line = right_value(param)[0]
    yield "one", [line]
    yield "many", [line] * 50
    for value in [*NO_ARRAYS, line, [line, "words"]]:
        yield "something else", value
    for key in line:
        yield "a field missing", [{name: text for name, text in line.items() if name != key}]
        yield "a field null", [{**line, key: None}]
        for value in ("", " \n", 5, True, ["x"]):
            yield "a field wrong", [line, {**line, key: value}]
    yield "a field too many", [{**line, "mood": "glad"}]


def _references(model: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name in FILES:
        yield (name,)
    rule = model["reference"]
    most = rule.get("max_files", 1) if rule else 1
    for name in FILES[:3]:
        for count in {2, most, most + 1}:
            yield (name,) * min(count, MOST_TRIED * 2)
    for images in range(min(most + 2, MOST_TRIED)):
        for videos in range(3):
            yield ("image",) * images + ("video",) * videos
    yield ("image", "video", "audio")
