"""What a client does at ToAPIs, for the tests that turn its open points: each scene makes what it checks."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.schemas import Generation, ReferenceMedia
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.landing.land import land
from airflow_provider_rivya.storage.place import OutputPlace
from tests.integration.conftest import Connect, sent
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess

IMAGES = "/v1/images/generations"
VIDEOS = "/v1/videos/generations"
NANO_BANANA_2 = "nano-banana-2"
WITHOUT_REFERENCES = "grok-imagine-1.0"
ACCOUNT = "toapis"


def spec_of(model: str) -> ModelSpec:
    spec = load_catalog("toapis").get(model)
    assert spec is not None
    return spec


def each_setting(rows: Mapping[str, Collection[Any]]) -> pytest.MarkDecorator:
    """Parametrize a test by ``name`` and ``value`` of every setting of these switches."""
    pairs = [(name, value) for name, settings in rows.items() for value in settings]
    return pytest.mark.parametrize(("name", "value"), pairs, ids=[f"{name}={value}" for name, value in pairs])


def check_settings(rows: Mapping[str, Collection[Any]], switches: Mapping[str, Any]) -> None:
    """Look whether every one of these switches is tried in its default and in another setting, or in all."""
    assert set(rows) == set(switches)
    for name, switch in switches.items():
        settings = set(rows[name])
        assert switch["default"] in settings, name
        assert len(settings) > 1, name
        assert None in settings or "null" not in switch.get("type", ""), name
        assert settings == set(switch.get("choices", settings)), name


@dataclass(frozen=True)
class Client:
    """
    A hook with the sandbox behind it.

    :param photo: a reference photograph.
    :param landing: an empty folder.
    :param connect: sets the connection anew.
    """

    hook: ToApisHook
    sandbox: SandboxProcess
    photo: Path
    landing: Path
    connect: Connect

    # -- what it does ----------------------------------------------------------------------------------

    def create(
        self,
        model: str = WITHOUT_REFERENCES,
        params: dict[str, Any] | None = None,
        references: tuple[str, ...] = (),
        *,
        key: str = "order-1",
        dialect: Dialect | None = None,
    ) -> Generation:
        """Submit a task as the operator does, unless a dialect says otherwise."""
        spec = spec_of(model)
        media = [ReferenceMedia(url=url, kind="image") for url in references]
        spelling = dialect or spec.dialect
        body = self.hook.api.request_body(
            spec.id, "A bicycle", params or {}, media, key=key, dialect=spelling
        )
        category = (spelling.endpoint if spelling else None) or spec.category
        return self.hook.create_generation(body, key, category=category)

    def upload(self, path: Path | None = None) -> str:
        return self.hook.upload_file(path or self.photo).url

    def ended(self, created: Generation, category: str = "image") -> Generation:
        """Move the sandbox's clock on, and read a task that has ended."""
        self.sandbox.advance(200)
        return self.hook.get_generation(created.id, category=category)

    def delivered(
        self,
        model: str = WITHOUT_REFERENCES,
        params: dict[str, Any] | None = None,
        references: tuple[str, ...] = (),
        dialect: Dialect | None = None,
        files: int = 1,
    ) -> list[Path]:
        """Make an image and land it, and look at everything on the way."""
        created = self.create(model, params, references, dialect=dialect)
        assert not created.ended
        done = self.ended(created)
        assert done.id == created.id
        assert done.succeeded
        assert SECRETS.search(f"{created!r} {done!r}") is None
        outputs = land(self.hook, done, OutputPlace(f"file://{self.landing}/"))
        assert len(outputs) == files
        paths = [Path(str(output.uri).removeprefix("file://")) for output in outputs]
        for path, output in zip(paths, outputs, strict=True):
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                image.load()
                assert Image.MIME[image.format or ""] == output.mime_type
        self.check_charges(1)
        return paths

    def failed(self, **fault: Any) -> Generation:
        """Make an image that fails."""
        self.sandbox.fault(kind="generation_fails", **fault)
        done = self.ended(self.create())
        assert done.failed
        assert done.urls == ()
        assert (done.credits_reserved, done.credits_final) == (None, None)
        return done

    def refused(self, *arguments: Any, error: type[GatewayError], status: int, **more: Any) -> GatewayError:
        """Submit what the gateway refuses: nothing is charged, and the error knows that."""
        with pytest.raises(error) as caught:
            self.create(*arguments, **more)
        assert type(caught.value) is error
        assert caught.value.http_status == status
        assert not caught.value.maybe_taken_in
        assert caught.value.conn_id == "toapis_default"
        assert len(sent(self.sandbox, "POST", IMAGES)) == 1
        self.check_charges(0)
        return caught.value

    # -- what is left of it ----------------------------------------------------------------------------

    def check_charges(self, wanted: int) -> None:
        assert self.sandbox.ledger(ACCOUNT)["charges"] == wanted

    @property
    def spent(self) -> float:
        return 1000 - self.sandbox.credits(ACCOUNT)


Scene = Callable[[Client], object]
"""What a client does under one setting, and what has to come of it."""
