"""How a result is looked at before it is landed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from airflow_provider_rivya.media.raw import RawSound

if TYPE_CHECKING:
    from airflow_provider_rivya.media.verify import Verify


@dataclass(frozen=True, slots=True)
class Checks:
    """
    What is asked of a result beside that it is whole.

    :param decode: it is decoded to its end.
    :param raw: the sound without a header that the request asked for: nothing in such bytes tells what it is.
    """

    decode: bool = False
    raw: RawSound | None = None

    @classmethod
    def of(cls, verify: Verify, model_params: Any) -> Self:
        """Read them out of a request's arguments, whose parameters may be JSON still."""
        if isinstance(model_params, str):
            try:
                model_params = json.loads(model_params)
            except ValueError:
                model_params = None
        asked = model_params.get("output_format") if isinstance(model_params, Mapping) else None
        return cls(verify == "decode", RawSound.of(asked))


STRUCTURE: Final = Checks()
