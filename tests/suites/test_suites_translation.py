"""The loops that write: against those of transformers, on models of a few thousand parameters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers
from shapes import module_of

from harness.collect.loading import SuiteFile, load_suite
from harness.model.workload import Place, Raw, Workload, defects
from harness.processing import taking_arrays
from harness.runtimes import Loaded, get

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("translation", Path(__file__).parents[2] / "suites/translation/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
PARTS: dict[str, Any] = KINDS["opus-mt"].build.__globals__
"""The names that the suite's file sees."""
log_mel, pieces, as_bytes = PARTS["log_mel"], PARTS["pieces"], PARTS["as_bytes"]
PUBLISHED = {"opus-mt": 74_410_496, "t5-small": 60_506_624, "whisper-tiny": 37_760_640}
"""Parameters; the suite's README names the sources."""

DETECTOR = "silero-vad"
"""It writes nothing: test_suites_voice.py has it."""

LAYERS = {f"{side}_{what}": 2 for side in ("encoder", "decoder") for what in ("layers", "attention_heads")}
WIDTHS = {"d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
TINY: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "opus-mt": (
        {"vocab_size": 300, "pad_token_id": 299, "decoder_start_token_id": 299, **LAYERS, **WIDTHS},
        (299,),
    ),
    "t5-small": ({"vocab_size": 300, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 2}, (0,)),
    "whisper-tiny": (
        {
            **{f"{name}_token_id": 299 for name in ("pad", "bos", "eos")},
            "vocab_size": 300,
            "max_source_positions": 100,
            **LAYERS,
            **WIDTHS,
        },
        (1, 2, 3, 4),
    ),
}
"""Configuration and what the decoder starts with."""


@pytest.fixture(autouse=True)
def _two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whisper's window in this file."""
    monkeypatch.setitem(PARTS, "SECONDS", 2)


def tiny(name: str) -> Workload:
    """The workload as it is, over a model of a few thousand parameters."""
    shape, begin = TINY[name]
    made: Workload = type("Tiny", (KINDS[name],), {"shape": shape, "begin": begin})()
    return made


def point(name: str, beams: int = 1, new: int = 6, processing: str = "off") -> dict[str, Any]:
    source = {} if name == "whisper-tiny" else {"source": 7}
    return {"beams": beams, "new": new, "processing": processing, **source}


def loaded_for(workload: Workload, place: Place, folder: Path, **parameters: Any) -> Loaded:
    return get("torch-eager").load(lambda: workload.build(place, **parameters), place, folder)


def test_declarations_are_sound_and_nothing_heavy_is_loaded() -> None:
    assert set(KINDS) == {*PUBLISHED, DETECTOR}
    assert SUITE.findings == ()
    assert [defect for kind in KINDS.values() for defect in defects(kind)] == []


def test_no_more_than_three_are_quick_at_their_smallest() -> None:
    quick = [kind.quick for kind in KINDS.values() if kind.quick is not None]
    assert len(quick) <= 3
    assert all(point["beams"] == 1 and point["processing"] == "off" for point in quick)


def test_deadlines_are_those_of_mlperf_and_of_the_next_hop() -> None:
    assert {name: kind.deadline_seconds for name, kind in KINDS.items()} == {
        DETECTOR: 0.032,
        "opus-mt": 0.25,
        "t5-small": 0.25,
        "whisper-tiny": 1.0,
    }


def test_throughput_of_speech_is_the_inverse_of_the_real_time_factor() -> None:
    whisper = KINDS["whisper-tiny"]
    assert whisper().items(beams=5, new=100, processing="on") == PARTS["SECONDS"]
    assert whisper.items_unit == "audio seconds"
    assert KINDS["opus-mt"]().items(beams=4, source=32, new=20, processing="off") == 20


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(name: str, place_of: Callable[..., Place]) -> None:
    assert sum(p.numel() for p in module_of(KINDS[name], place_of()).parameters()) == PUBLISHED[name]


def lively(module: Any) -> None:
    """Words out that are not those in: as they are the same, an untrained model says one again and again."""
    words = module.get_output_embeddings()
    words.weight = torch.nn.Parameter(torch.randn(words.weight.shape, generator=torch.Generator().manual_seed(0)))


def generated(module: Any, source: torch.Tensor, start: torch.Tensor, new: int, beams: int) -> list[int]:
    """What transformers' own loop writes after ``start``."""
    tokens = {"pad_token_id": 299, "decoder_start_token_id": int(start[0, 0])}
    module.generation_config = transformers.GenerationConfig(
        max_new_tokens=new, num_beams=beams, do_sample=False, **tokens
    )
    with torch.inference_mode():
        whole = transformers.GenerationMixin.generate(module, source, decoder_input_ids=start)
    return whole[0, start.shape[1] :].tolist()


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("name", TINY)
def test_it_writes_what_generate_writes(
    name: str, beams: int, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    model = tiny(name).build(place_of(), **point(name, beams, new=20))
    lively(model.module)
    loaded = get("torch-eager").load(lambda: model, place_of(), tmp_path)
    source, start, new, _ = loaded.inputs
    tokens, scores = PARTS["write"](loaded.call, source, start, new, beams, marker)
    assert tokens == generated(model.module, source, start, new, beams)
    assert len(set(tokens)) > 5
    assert bool(scores.isfinite().all())
    assert marker.names == ["first_token"] + ["token"] * 19


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("name", TINY)
def test_every_step_starts_afresh_and_marks_each_token(
    name: str, beams: int, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = tiny(name)
    loaded = loaded_for(workload, place_of(), tmp_path, **point(name, beams))
    once, again = (workload.step(loaded.call, loaded.inputs, marker) for _ in range(2))
    assert torch.equal(once, again)
    assert bool(once.isfinite().all())
    assert marker.names == (["first_token"] + ["token"] * 5) * 2


@pytest.mark.parametrize("name", TINY)
def test_with_raw_input_it_writes_the_same_and_gives_text(
    name: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = tiny(name)
    model = workload.build(place_of(), **point(name, beams=2, processing="on"))
    loaded = loaded_for(workload, place_of(), tmp_path, **point(name, beams=2))
    assert isinstance(model.raw, Raw)
    scores, text = workload.step(taking_arrays(loaded.call, loaded.inputs), model.raw, marker)
    assert torch.equal(scores, workload.step(loaded.call, loaded.inputs, lambda name: None))
    assert isinstance(text, str)
    assert [marker.names[0], *marker.names[-2:]] == ["preprocessed", "inferred", "postprocessed"]


LATE = """
import importlib, sys
from pathlib import Path
from harness.collect.loading import SuiteFile, load_suite
from harness.model.workload import Place
suite = load_suite(SuiteFile("translation", Path(sys.argv[1])))
workload = next(kind for kind in suite.workloads if kind.name == "whisper-tiny")()
for name in workload.requires:
    importlib.import_module(name)
before = set(sys.modules)
model = workload.build(Place("cpu", "float32", 0, Path(sys.argv[2])), beams=2, new=2, processing="off")
workload.step(model.module.eval(), model.inputs, lambda name: None)
late = {name for name in set(sys.modules) - before if name.split(".")[0] in {"torch", "transformers", "tokenizers"}}
assert not late, late
"""


def test_build_and_step_import_nothing_that_requires_does_not_name(cache: Path) -> None:
    subprocess.run([sys.executable, "-c", LATE, str(SUITE.path), str(cache)], check=True)


def test_bfloat16_is_finite(place_of: Callable[..., Place], tmp_path: Path, marker: Any) -> None:
    for name in TINY:
        workload = tiny(name)
        loaded = loaded_for(workload, place_of("bfloat16"), tmp_path, **point(name, beams=2))
        assert bool(workload.step(loaded.call, loaded.inputs, marker).isfinite().all())


def test_the_spectrogram_is_that_of_transformers() -> None:
    samples = numpy.random.default_rng(0).normal(0, 3000, 3 * 16_000).astype("int16")
    theirs = transformers.WhisperFeatureExtractor(chunk_length=3)(samples / 32768, sampling_rate=16_000).input_features
    ours = log_mel(samples)
    assert ours.shape == (1, 80, 300)
    assert ours.dtype == numpy.float32
    assert numpy.abs(ours - numpy.asarray(theirs)).max() < 1e-4


@pytest.mark.parametrize("words", [1, 2, 40])
def test_a_text_has_as_many_tokens_as_words_and_is_put_together_again(words: int) -> None:
    tokenizer = pieces(2000)
    text = tokenizer.text(words, seed=3)
    tokens = tokenizer.encode(text, end=1)
    assert len(tokens) == words == len(text.split(" "))
    assert tokens[-1] == 1
    assert all(0 <= token < 2000 for token in tokens)
    assert text.startswith(tokenizer.decode(tokens[:-1]))


def test_texts_follow_the_seed() -> None:
    one, same, other = (as_bytes(pieces(2000).text(20, seed)).tobytes() for seed in (1, 1, 2))
    assert one == same != other
