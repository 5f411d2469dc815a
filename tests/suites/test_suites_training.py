"""Steps of training: the same work each time, what each variant does to it, and the memory of each by cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.collect.loading import SuiteFile, load_suite
from harness.features import count, summed
from harness.meters.composition import Account, modules_in
from harness.model.workload import Place, Workload, defects
from harness.runtimes import Loaded, get

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("training", Path(__file__).parents[2] / "suites/training/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
VARIANTS = KINDS["resnet50-step"].parameters["variant"]
LLAMA = {
    "vocab_size": 64,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
RESNET = {"num_labels": 10, "embedding_size": 8, "hidden_sizes": [16, 24, 32, 40], "depths": [2, 1, 1, 1]}
TINY: dict[str, dict[str, Any]] = {
    "llama-100m-step": {"shape": LLAMA, "tokens": 64},
    "resnet50-step": {"shape": RESNET, "side": 32},
}

Start = Callable[..., tuple[Workload, Loaded]]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So small operators take longer to share out than to do."""
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def start(place_of: Callable[..., Place], tmp_path: Path) -> Start:
    """A tiny workload as PyTorch eager loads it."""

    def started(name: str, variant: str, seed: int = 0) -> tuple[Workload, Loaded]:
        workload: Workload = type("Tiny", (KINDS[name],), TINY[name])()
        place = place_of(seed=seed)
        return workload, get("torch-eager").load(lambda: workload.build(place, variant=variant), place, tmp_path)

    return started


def losses(started: tuple[Workload, Loaded], steps: int) -> list[float]:
    workload, loaded = started
    return [float(workload.step(loaded.call, loaded.inputs, lambda _: None)) for _ in range(steps)]


def trainer(loaded: Loaded) -> Any:
    (module,) = modules_in(loaded.call)
    return module


def parts(started: tuple[Workload, Loaded], steps: int = 2) -> dict[str, int]:
    workload, loaded = started
    with Account("cpu") as account:
        account.begin_steps(loaded.call, loaded.inputs)
        for _ in range(steps):
            workload.step(loaded.call, loaded.inputs, lambda _: None)
        return account.peak()


def test_declarations_are_sound_and_one_point_is_quick() -> None:
    assert [defects(kind) for kind in KINDS.values()] == [[], []]
    assert [name for name, kind in KINDS.items() if kind.quick] == ["llama-100m-step"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_learn_their_batch(start: Start, name: str, variant: str) -> None:
    first, *_, last = losses(start(name, variant), 4)
    assert last < first


@pytest.mark.parametrize("name", KINDS)
def test_the_loss_follows_the_seed(start: Start, name: str) -> None:
    one, same, other = (losses(start(name, "plain", seed), 2) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_step_leaves_no_gradients_and_float32_weights(start: Start, variant: str) -> None:
    workload, loaded = start("llama-100m-step", variant)
    workload.step(loaded.call, loaded.inputs, lambda _: None)
    assert {p.grad for p in trainer(loaded).parameters()} == {None}
    assert {p.dtype for p in trainer(loaded).parameters()} == {torch.float32}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_step_runs_the_same_operators(start: Start, variant: str) -> None:
    workload, loaded = start("llama-100m-step", variant)
    losses((workload, loaded), 1)
    found = count("torch-eager", loaded, lambda call: workload.step(call, loaded.inputs, lambda _: None), 2)
    assert summed(found, None).flop > 0


def test_backward_is_twice_the_work_and_recomputing_another_forward(start: Start) -> None:
    def flop(variant: str) -> int:
        workload, loaded = start("llama-100m-step", variant)
        losses((workload, loaded), 1)
        found = count("torch-eager", loaded, lambda call: workload.step(call, loaded.inputs, lambda _: None), 1)
        return summed(found, None).find("gemm").flop

    workload, loaded = start("llama-100m-step", "plain")
    sizes = {n: p.numel() for n, p in trainer(loaded).named_parameters() if p.dim() == 2 and "embed" not in n}
    again = [size for name, size in sizes.items() if "lm_head" not in name and "down_proj" not in name]
    tokens = workload.items(variant="plain")
    assert flop("plain") == 6 * sum(sizes.values()) * tokens
    assert flop("accumulate") == flop("plain")
    assert flop("checkpoint") == flop("plain") + 2 * sum(again) * tokens, "a layer's last product is not needed again"


@pytest.mark.parametrize("name", KINDS)
def test_recomputing_changes_no_figure(start: Start, name: str) -> None:
    assert losses(start(name, "checkpoint"), 3) == pytest.approx(losses(start(name, "plain"), 3), rel=1e-5)


def test_accumulated_gradients_are_those_of_the_whole_batch(start: Start) -> None:
    whole, cut = (losses(start("llama-100m-step", variant), 3) for variant in ("plain", "accumulate"))
    assert cut == pytest.approx(whole, rel=1e-3)


def test_autocast_computes_in_half(start: Start) -> None:
    exact, half = (losses(start("llama-100m-step", variant), 1)[0] for variant in ("plain", "autocast"))
    assert half != exact
    assert half == pytest.approx(exact, rel=0.02)


def test_memory_of_a_plain_step_by_cause(start: Start) -> None:
    workload, loaded = start("llama-100m-step", "plain")
    size = sum(p.nbytes for p in trainer(loaded).parameters())
    found = parts((workload, loaded))
    assert found["weights"] == pytest.approx(size, rel=0.01)
    assert found["optimizer_state"] == pytest.approx(2 * size, rel=0.01)
    assert 0 < found["gradients"] <= size
    assert found["kv_cache"] == 0


def test_what_each_variant_saves(start: Start) -> None:
    found = {variant: parts(start("llama-100m-step", variant)) for variant in VARIANTS}
    plain = found["plain"]
    assert found["checkpoint"]["activations"] < 0.5 * plain["activations"]
    assert found["accumulate"]["activations"] < 0.5 * plain["activations"]
    assert found["autocast"]["activations"] < plain["activations"]
    assert found["adafactor"]["optimizer_state"] < 0.1 * plain["optimizer_state"]


def test_on_convolutions_of_one_pixel_a_factored_state_saves_nothing(start: Start) -> None:
    plain, factored = (parts(start("resnet50-step", variant)) for variant in ("plain", "adafactor"))
    assert 0.4 < factored["optimizer_state"] / plain["optimizer_state"] < 1


def test_the_language_model_is_that_of_the_suite_language() -> None:
    language = load_suite(SuiteFile("language", Path(__file__).parents[2] / "suites/language/suite.py"))
    small = next(kind for kind in language.workloads if kind.name == "llama-100m-decode")
    assert KINDS["llama-100m-step"].shape == small.shape  # type: ignore[attr-defined] # the suites' own attribute
