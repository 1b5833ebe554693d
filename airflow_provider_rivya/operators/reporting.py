"""What a task tells Airflow besides its XCom: asset events, lineage, where its work stands."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from airflow_provider_rivya import _compat
from airflow_provider_rivya.operators.identity import ROW_FIELDS, row_of

log = logging.getLogger(__name__)

STANDING: Final = "rivya_generation"
"""The key in the task state store under which the UI shows where a generation stands."""
STANDING_OF_BATCH: Final = "rivya_batch"
"""The same of a batch."""


class Standing(Protocol):
    """Where work stands."""

    def to_json(self) -> dict[str, Any]: ...


class ReportsResult:
    """
    A task that leaves a :class:`~airflow_provider_rivya.result.GenerationResult`.

    :ivar reported_result: that, as a dict; ``None`` in a process where the task has not succeeded.
    :ivar reported_inputs: the names of the reference files; ``None`` as long as they are those that
        ``reference_media`` says.
    """

    reference_media: Any = None
    outlets: list[Any]
    reported_result: Mapping[str, Any] | None = None
    reported_inputs: list[list[str]] | None = None

    def _report(self, context: Any, result: dict[str, Any]) -> dict[str, Any]:
        result = {**result, **row_of(context)}
        self.reported_result = result
        try:
            tell_outlets(context, self.outlets, result)
        except Exception:
            # The result is paid for and landed: an outlet that cannot be told does not undo that.
            log.exception("The outlets of this task did not get the result.")
        return result

    def _made_from(self, carried: Sequence[Sequence[str]] | None = None) -> list[list[str]]:
        """
        Settle what lineage names as inputs: on a resume ``reference_media`` may render to something else.

        :param carried: what a deferral has carried; ``None`` if nothing: what the argument says now.
        :return: namespace and name of each file, for a deferral to carry: plain JSON, no secret.
        """
        try:
            names = self._inputs() if carried is None else carried
            self.reported_inputs = [list(name) for name in names]
        except Exception:
            # To read the argument may be to ask Airflow for an XCom. The task itself needs no lineage.
            log.exception("OpenLineage will not get the reference files of this task.")
            self.reported_inputs = []
        return self.reported_inputs

    def _inputs(self) -> Sequence[Sequence[str]]:
        return datasets(reference_uris(self.reference_media))

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """
        Return inputs and outputs for OpenLineage, whose provider calls this on the worker.

        Inputs are the reference files, as they were before a deferral; outputs are the landed files. For a
        result that was not landed there is none.

        :return: an ``OperatorLineage``; ``None`` when the OpenLineage provider is not there.
        """
        classes = _compat.lineage_classes()
        if classes is None:
            return None
        lineage, dataset = classes
        return lineage(
            inputs=[dataset(*name) for name in self._made_from(self.reported_inputs)],
            outputs=[dataset(*name) for name in datasets(result_uris(self.reported_result or {}))],
        )


def tell_outlets(context: Any, outlets: Iterable[Any], result: Mapping[str, Any]) -> None:
    """
    Put the result into the extra of the task's asset events.

    An asset's event gets ``uris`` (of the landed files) and ``result`` (the XCom). An asset alias
    becomes one event for each landed file, with that file's ``output`` and the ``generation_id``.

    :param context: of the task; its ``outlet_events`` takes them.
    :param outlets: assets and asset aliases.
    """
    from airflow.sdk import Asset, AssetAlias

    for outlet in outlets:
        events = context["outlet_events"]
        if isinstance(outlet, AssetAlias):
            for output in result["outputs"]:
                if output["uri"] is not None:
                    extra = {"generation_id": result["generation_id"], "output": _kept(output)}
                    extra |= {name: result[name] for name in ROW_FIELDS if result.get(name) is not None}
                    events[outlet].add(Asset(output["uri"]), extra=extra)
        elif isinstance(outlet, Asset):
            events[outlet].extra.update({"uris": list(result_uris(result)), "result": without_urls(result)})


def result_uris(result: Mapping[str, Any]) -> Iterator[str]:
    """Return where the files of a result were landed, in order."""
    outputs = result.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        uri = output.get("uri") if isinstance(output, Mapping) else None
        if isinstance(uri, str):
            yield uri


def reference_uris(value: Any) -> Iterator[str]:
    """
    Return the addresses in a ``reference_media`` argument, in order.

    :param value: as :func:`~airflow_provider_rivya.request.references.read_references` takes it. What it
        would call a fault is passed over here, and so is a result that was not landed: its URL is a secret.
    """
    if isinstance(value, str):
        if value and not value.lstrip().startswith(("{", "[")) and value[:5].lower() != "data:":
            yield value
    elif isinstance(value, Mapping):
        yield from result_uris(value)
    elif hasattr(
        value, "storage_options"
    ):  # an ObjectStoragePath, which in some releases is an os.PathLike too
        yield str(value)
    elif isinstance(value, os.PathLike):
        yield os.fspath(value)
    elif isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        for element in value:
            yield from reference_uris(element)


def datasets(uris: Iterable[str]) -> list[tuple[str, str]]:
    """
    Name files as OpenLineage does (https://openlineage.io/docs/spec/naming): namespace and name.

    Connection ids and credentials are left out, and http(s) addresses altogether: whoever has the URL of a
    result has the file, and nothing tells it from other URLs.

    :return: each file once, in order.
    """
    return list(dict.fromkeys(filter(None, map(_dataset, uris))))


def _dataset(uri: str) -> tuple[str, str] | None:
    if "://" not in uri:
        return "file", os.path.abspath(uri)
    try:
        parts = urlsplit(uri)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    rest = uri.partition("://")[2]  # not its path: a name may have "?" and "#" in it
    if parts.scheme in ("file", "local"):
        return "file", rest.removeprefix("localhost")
    if parts.scheme in ("http", "https"):
        return None
    return f"{parts.scheme}://{host}", rest.partition("/")[2].lstrip("/") or "/"


def without_urls(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without the gateway's URLs: whoever has one has the file, and events are public."""
    return {**result, "outputs": [_kept(output) for output in result["outputs"]]}


def _kept(output: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in output.items() if key != "source_url"}


def standing_in_store(context: Any, key: str = STANDING) -> Callable[[Standing], None]:
    """Return what writes where work stands to the task state store, if there is one (Airflow 3.3)."""
    store = _compat.state_store(context)

    def tell(standing: Standing) -> None:
        if store is None:
            return
        try:
            store.set(key, standing.to_json())
        except Exception as error:  # it is for people, and no task fails for it
            log.debug("%s is not in the task state store: %s", key, type(error).__name__)

    return tell
