"""What every gateway offers: its calls as data, what it can do, and a client that sends them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from airflow_provider_rivya.exceptions import GatewayError

if TYPE_CHECKING:
    from airflow_provider_rivya.api.call import ApiCall, FilePart, Kind
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.dialect import Dialect
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.gateways import GatewayFacts
    from airflow_provider_rivya.api.schemas import (
        Balance,
        Generation,
        ModelInfo,
        ReferenceMedia,
        UploadedFile,
    )


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What a gateway can do.

    :param replays_keys: a creation that is sent again under its key gives the same generation.
    :param finds_by_key: it can be asked for what was submitted under a key.
    :param takes_trace_id: a request has a field for the user's own ``client_request_id``.
    :param statuses_at_once: of how many generations one call tells the state, see
        :meth:`GatewayApi.get_generations`.
    """

    replays_keys: bool
    finds_by_key: bool
    takes_trace_id: bool
    statuses_at_once: int = 1


class Pace(NamedTuple):
    """The shortest and the longest interval between two polls, in seconds."""

    interval: float
    maximum: float


class RateLimit(NamedTuple):
    """
    How many calls of one kind a gateway takes.

    :param per_second: ``None``: not known.
    :param burst: at once, after a quiet time.
    """

    per_second: float | None
    burst: float


@dataclass(frozen=True, slots=True)
class PollGuidance:
    """
    How often a gateway wants to be asked for the state of a generation.

    :param first: seconds from submission to the first poll.
    :param interval: shortest interval after that, in seconds.
    :param maximum: longest interval, in seconds.
    :param queued: another pace while the generation is known to be queued.
    """

    first: float
    interval: float
    maximum: float
    queued: Pace | None = None


@dataclass(frozen=True, slots=True)
class Polling:
    """
    A gateway's guidance, by category of model; a category that is not named is polled as slowly as video.

    :param guidance: what is done where a connection says nothing else.
    :param floors: what explicit values cannot go below, except against a gateway on loopback.
    """

    guidance: Mapping[str, PollGuidance]
    floors: Mapping[str, PollGuidance]


class GatewayApi(ABC):
    """
    A gateway: its calls as data.

    ``category`` is ``image``, ``audio`` or ``video``; ``key`` is the idempotency key of a submission. A
    gateway takes what it needs of the arguments, and leaves the others alone.
    """

    facts: ClassVar[GatewayFacts]
    capabilities: ClassVar[Capabilities]
    polling: ClassVar[Polling]
    rate_limits: ClassVar[Mapping[Kind, RateLimit]] = {}
    """The kinds of calls that are counted apart, with their documented limits; empty: all count together."""

    @property
    def name(self) -> str:
        """The connection's type, and the name in results."""
        return self.facts.name

    @property
    def title(self) -> str:
        """The name for people."""
        return self.facts.title

    @property
    def default_host(self) -> str:
        return self.facts.default_host

    def least_seconds(self, count: int, at_once: int, per_second: float | None = None) -> float:
        """
        Return how long so many generations take at the least, by what is documented.

        :param per_second: requests that the connection allows; ``None``: as many as the gateway documents.
        """
        shortest = min(guidance.first for guidance in self.polling.guidance.values())
        rate, burst = self.rate_limits.get("submission", RateLimit(None, 0.0))
        rate, burst = (per_second, per_second) if per_second else (rate, burst)
        paced = shortest + max(0.0, count - burst) / rate if rate else 0.0
        return max(math.ceil(count / at_once) * shortest, paced) if count else 0.0

    @abstractmethod
    def create_generation(self, body: str, key: str | None, category: str = "image") -> ApiCall[Generation]:
        """
        Submit a generation.

        :param body: exact JSON text, made with :meth:`request_body`.
        """

    @abstractmethod
    def get_generation(self, generation_id: str, category: str = "image") -> ApiCall[Generation]:
        """Read the state, and the result URLs, of a generation."""

    def get_generations(
        self, generation_ids: Sequence[str], category: str = "image"
    ) -> ApiCall[Mapping[str, Generation]]:
        """
        Read the states of many; only where ``capabilities.statuses_at_once`` is more than 1.

        :raises GatewayError: there is no such call.
        """
        raise GatewayError(f"{self.title} has no call for the states of many generations")

    def find_generation(self, key: str, category: str = "image") -> ApiCall[Generation]:
        """
        Look up what was submitted under a key; only where ``capabilities.finds_by_key`` says so.

        :raises GatewayError: there is no such call, which must not be taken for "none was found".
        """
        raise GatewayError(f"{self.title} has no call that finds a generation by its key")

    @abstractmethod
    def upload_file(self, part: FilePart, kind: str, model: str | None = None) -> ApiCall[UploadedFile]:
        """
        Upload a reference file.

        :param kind: ``image``, ``video`` or ``audio``.
        :param model: have the file checked against this model's rules, where the gateway does that.
        """

    @abstractmethod
    def get_credits(self) -> ApiCall[Balance]:
        """Read the balance."""

    @abstractmethod
    def list_models(self) -> ApiCall[list[ModelInfo]]:
        """Read the live list of models."""

    @abstractmethod
    def request_body(
        self,
        model: str,
        prompt: str | None,
        params: Mapping[str, Any],
        references: Sequence[ReferenceMedia] = (),
        client_request_id: str | None = None,
        *,
        key: str | None = None,
        dialect: Dialect | None = None,
    ) -> str:
        """
        Return the JSON text of a create request.

        :param params: the model's own parameters.
        :param references: uploaded files.
        :param key: that it is sent under, for gateways that want it in the body.
        :param dialect: how the request is spelled, for gateways whose documentation contradicts itself.
        :raises InvalidRequestError: it cannot be said to this gateway.
        """


class GatewayClient(Protocol):
    """
    A way to one gateway, with the credentials of one Airflow connection: what the rooms above need of a hook.

    ``category`` is ``image``, ``audio`` or ``video``; every call raises
    :class:`~airflow_provider_rivya.exceptions.GatewayError`.
    """

    conn_id: str

    @property
    def api(self) -> GatewayApi: ...
    @property
    def settings(self) -> ConnectionSettings:
        """:raises ConnectionConfigError: the connection cannot be used."""

    @property
    def clock_skew(self) -> float:
        """Seconds that the gateway's clock is ahead of ours, by its last answer."""

    def create_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation: ...
    def get_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True, within: float | None = None
    ) -> Generation: ...
    async def aget_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True, within: float | None = None
    ) -> Generation: ...
    async def aget_generations(
        self, generation_ids: Sequence[str], *, category: str = "image", within: float | None = None
    ) -> Mapping[str, Generation]: ...
    def find_generation(self, key: str, *, category: str = "image") -> Generation | None:
        """:return: ``None``: the gateway knows none under this key."""

    def get_credits(self) -> Balance: ...
    def send_file(self, part: FilePart, kind: str, model: str | None = None) -> UploadedFile: ...
    def downloader(self) -> Downloader:
        """Return what opens result URLs; it is the client's own, and closed with it."""

    def refresh(self) -> None:
        """Read the connection again, as its key may have been replaced."""

    async def arefresh(self) -> None: ...
