"""Where what is generated of a gateway's catalogue goes, and what it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PACKAGE = "airflow_provider_rivya"


@dataclass(frozen=True)
class Target:
    """
    One gateway's files.

    :param gateway: as in the name of its data file.
    :param operator: the class that a page's example uses; its module has the gateway's name.
    :param params_module: name of the module with the typed parameters.
    :param folder: of the model pages.
    :param other: the index of the other gateway: its title, and its address from this folder.
    :param example: of the typed parameters' module: a class, and a value for it.
    """

    gateway: str
    operator: str
    params_module: str
    folder: Path
    other: tuple[str, str]
    example: tuple[str, str]

    @property
    def data(self) -> Path:
        """The bundled catalogue."""
        return Path(_PACKAGE, "catalog", f"{self.gateway}.json")

    @property
    def params(self) -> Path:
        """The module with the typed parameters."""
        return Path(_PACKAGE, f"{self.params_module}.py")


RIVYA: Final = Target(
    "rivya",
    "RivyaGenerateOperator",
    "model_params",
    Path("docs/models"),
    ("ToAPIs", "toapis/index.md"),
    ("NanoBanana2Params", '{"aspect_ratio": "16:9", "output_format": "png"}'),
)
TOAPIS: Final = Target(
    "toapis",
    "ToApisGenerateOperator",
    "model_params_toapis",
    Path("docs/models/toapis"),
    ("Rivya", "../index.md"),
    ("Gemini31FlashImagePreviewParams", '{"size": "16:9", "resolution": "2K", "n": 1}'),
)
TARGETS: Final = {target.gateway: target for target in (RIVYA, TOAPIS)}
