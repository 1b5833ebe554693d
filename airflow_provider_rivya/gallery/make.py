"""Makes what is put beside the files of one generation, and the gallery of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from airflow_provider_rivya.gallery.card import Card, cards_of_line, cards_of_result
from airflow_provider_rivya.gallery.extras import Extras
from airflow_provider_rivya.gallery.files import Beside
from airflow_provider_rivya.gallery.sidecar import MadeFrom, sidecar_of
from airflow_provider_rivya.media.stills import Stills
from airflow_provider_rivya.storage.place import OutputPlace

GALLERY: Final = "gallery"


def put_beside(
    place: OutputPlace,
    result: dict[str, Any],
    extras: Extras,
    made_from: MadeFrom,
    joined: Mapping[str, Any],
    *,
    heading: str,
    owner: str,
    stopped: Callable[[], bool],
) -> dict[str, Any]:
    """
    Make what was asked for, and note in the result where it is.

    :param result: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict; it is changed.
    :param joined: what joins it to its row: ``client_request_id``, ``row_key``, ``map_index``.
    :param owner: whose gallery it is, over all tries.
    """
    with Stills() as stills:
        beside = Beside(place, stills, stopped)
        add_to_files(beside, result, extras, made_from, joined)
        if extras.gallery:
            title = joined.get("row_key") or joined.get("client_request_id")
            cards = cards_of_result(result, made_from.prompt, title)
            result["gallery_uri"] = beside.gallery(
                gallery_name(joined.get("map_index")),
                owner,
                heading,
                f"{result['model']}, generation {result['generation_id']}, {result.get('finished_at') or ''}",
                [card.status for card in cards],
                cards,
            )
    return result


def add_to_files(
    beside: Beside, result: dict[str, Any], extras: Extras, made_from: MadeFrom, joined: Mapping[str, Any]
) -> None:
    """Make thumbnails and sidecars of a result's files."""
    for output in result["outputs"]:
        if extras.thumbnails is not None:
            beside.thumbnail(output, extras.thumbnails)
        if extras.sidecar:
            beside.sidecar(output, sidecar_of(output, result, made_from, joined))


def gallery_of_lines(
    place: OutputPlace,
    lines: Callable[[], Iterable[Mapping[str, Any]]],
    map_index: int,
    *,
    owner: str,
    heading: str,
    about: str,
    stopped: Callable[[], bool],
) -> str | None:
    """
    Show all rows of a batch.

    :param lines: yields each line of the manifest, from the first one each time it is called: a page tells
        what is on the others.
    :param owner: whose gallery it is, over all tries.
    :return: where the first page is; ``None``: it could not be made.
    """

    def cards() -> Iterator[Card]:
        for line in lines():
            yield from cards_of_line(line)

    with Stills() as stills:
        beside = Beside(place, stills, stopped)
        statuses = [card.status for card in cards()]
        return beside.gallery(gallery_name(map_index), owner, heading, about, statuses, cards())


def gallery_name(map_index: int | None) -> str:
    """Return what a task's gallery is called: those of a mapped task have a name each."""
    return GALLERY if map_index is None or map_index < 0 else f"{GALLERY}-{map_index}"
