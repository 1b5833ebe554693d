"""Audio results: real files of the right format and playing time."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.media.inspect import StreamInspector
from tests.integration.sandbox.wire_tools import create, finished, result, upload
from tests.sandbox_process import SandboxProcess

EFFECT = load_catalog().get("elevenlabs-sound-effect-v2")
assert EFFECT is not None
OUTPUT_FORMATS = EFFECT.param_by_key["output_format"].options
CODECS = {
    "mp3": {"mp3float", "mp3"},
    "pcm": {"pcm_s16le"},
    "ulaw": {"pcm_mulaw"},
    "alaw": {"pcm_alaw"},
    "opus": {"opus", "libopus"},
}
VOICE = "TX3LPaxmHKxFdv7VOQHJ"
LINES = [
    {"voice": "Adam", "text": "Land ahoy!"},
    {"voice": "Lily", "text": "After all these weeks."},
]


def heard(content: bytes) -> tuple[str, int, float, int]:
    """Codec, sample rate, seconds, and the loudest of the 16-bit samples."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono")
        loudest, samples = 0, 0
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                values = memoryview(bytes(piece.planes[0])[: piece.samples * 2]).cast("h")
                loudest = max(loudest, *map(abs, values))
                samples += piece.samples
        return stream.codec_context.name, stream.rate, samples / stream.rate, loudest


@pytest.mark.parametrize("wanted", OUTPUT_FORMATS)
def test_every_output_format(sandbox: SandboxProcess, wanted: str) -> None:
    params = {"output_format": wanted, "duration_seconds": 1.5}
    answer = result(sandbox, "elevenlabs-sound-effect-v2", params)
    codec, rate, seconds, loudest = heard(answer.body)
    name, _, rest = wanted.partition("_")
    assert codec in CODECS[name]
    assert rate == int(rest.split("_")[0])
    assert seconds == pytest.approx(1.5, abs=0.06)
    assert 4000 < loudest < 32767
    inspector = StreamInspector()
    inspector.feed(answer.body)
    facts = inspector.finish()
    assert facts.media_type.mime_type == answer.headers["content-type"]
    assert facts.duration_s == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    ("model", "prompt", "params", "seconds"),
    [
        ("elevenlabs-turbo-2-5", "x" * 45, {"voice": VOICE}, 3),
        ("elevenlabs-turbo-2-5", "x" * 45, {"voice": VOICE, "speed": 1.2}, 2.5),
        ("elevenlabs-multilingual-v2", "x" * 5000, {"voice": VOICE}, 10),
        ("elevenlabs-dialogue-v3", "", {"dialogue": LINES}, 3.07),
        ("elevenlabs-sound-effect-v2", "Waves", {}, 3),
        ("elevenlabs-sound-effect-v2", "Waves", {"duration_seconds": 22}, 22),
        ("suno-music", "A shanty", {"model": "V5"}, 10),
        ("suno-sounds", "A bell", {"soundTempo": 300, "soundKey": "F#m"}, 10),
    ],
)
def test_how_long_it_plays(
    sandbox: SandboxProcess, model: str, prompt: str, params: dict[str, Any], seconds: float
) -> None:
    created = create(sandbox, model, prompt=prompt, params=params)
    answer = sandbox.get(finished(sandbox, created)["result"]["primary_url"], key=None)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert heard(answer.body)[2] == pytest.approx(seconds, abs=0.1)


def test_the_prompt_of_a_dialogue_is_made_of_its_lines(sandbox: SandboxProcess) -> None:
    create(sandbox, "elevenlabs-dialogue-v3", prompt="", params={"dialogue": LINES})
    assert sandbox.tasks()[0]["prompt"] == "Adam: Land ahoy!\nLily: After all these weeks."


@pytest.mark.parametrize("wanted", ["mp3_44100_64", "opus_48000_64", "pcm_16000"])
def test_an_upload_is_measured(sandbox: SandboxProcess, wanted: str) -> None:
    params = {"output_format": wanted, "duration_seconds": 2}
    made = result(sandbox, "elevenlabs-sound-effect-v2", params).body
    file = upload(sandbox, made, kind="audio").json()
    assert file["duration_seconds"] == pytest.approx(2, abs=0.06)
    assert file["duration_token"].startswith("dur_")


def test_key_and_tempo_change_the_tune(sandbox: SandboxProcess) -> None:
    settings: list[dict[str, Any]] = [{"soundKey": "C"}, {"soundKey": "Am"}, {"soundTempo": 60}]
    assert len({result(sandbox, "suno-sounds", params).body for params in settings}) == 3
