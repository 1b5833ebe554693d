"""What somebody wants beside the outputs, and what is missing for it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from airflow_provider_rivya.exceptions import Fault


@dataclass(frozen=True, slots=True)
class Extras:
    """
    What is put beside the outputs.

    :param thumbnails: side of a WebP beside each output, in pixels; ``None``: there is none.
    :param sidecar: a JSON file beside each output says how it was made.
    """

    gallery: bool = False
    thumbnails: int | None = None
    sidecar: bool = False

    @property
    def asked_for(self) -> bool:
        return self.gallery or self.sidecar or self.thumbnails is not None

    def faults(self, output_path: object) -> list[Fault]:
        """Return what is missing for it, before anything is paid for."""
        found = []
        if self.thumbnails is not None and find_spec("PIL") is None:
            install = "the extra 'images': pip install 'airflow-provider-rivya[images]'"
            found.append(Fault("thumbnails", "they need Pillow", install))
        if self.asked_for and not output_path:
            names = {"gallery": self.gallery, "thumbnails": self.thumbnails, "sidecar": self.sidecar}
            told = ", ".join(name for name, value in names.items() if value)
            found.append(Fault(told, "there is no place for it", "an output_path"))
        return found


NO_EXTRAS: Final = Extras()
