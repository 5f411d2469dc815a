"""PyTorch's operators against torch's own counter, on real architectures with random numbers in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from harness.features import NotCounted, count, summed
from harness.model.features import Features
from harness.runtimes import Loaded

Step = Callable[[Callable[..., Any]], Any]


def loaded(module: nn.Module, *inputs: Any) -> Loaded:
    module.eval()

    def call(*given: Any, **named: Any) -> Any:
        with torch.inference_mode():
            return module(*given, **named)

    return Loaded(call, inputs)


def features(module: nn.Module, *inputs: Any, step: Step | None = None) -> Features:
    subject = loaded(module, *inputs)
    return summed(count("torch-eager", subject, step or (lambda call: call(*inputs)), 2), None)


def torchs_own(module: nn.Module, *inputs: Any, step: Step | None = None) -> int:
    """Attention made of its products: torch knows the CPU's fused operator, but not its FLOP."""
    call = loaded(module, *inputs).call
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        (step or (lambda call: call(*inputs)))(call)
    return int(counter.get_total_flops())


def resnet() -> tuple[nn.Module, torch.Tensor]:
    from transformers import ResNetConfig, ResNetForImageClassification

    return ResNetForImageClassification(ResNetConfig(num_labels=1000)), torch.randn(1, 3, 224, 224)


def mobilenet() -> tuple[nn.Module, torch.Tensor]:
    from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

    return MobileNetV2ForImageClassification(MobileNetV2Config(num_labels=1000)), torch.randn(1, 3, 224, 224)


def vit() -> tuple[nn.Module, torch.Tensor]:
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(ViTConfig(num_labels=1000)), torch.randn(1, 3, 224, 224)


@pytest.mark.slow
@pytest.mark.parametrize("made", [resnet, mobilenet, vit])
def test_a_networks_flop_are_those_that_torch_counts(made: Callable[[], tuple[nn.Module, torch.Tensor]]) -> None:
    module, image = made()
    assert features(module, image).flop == torchs_own(module, image)


def calls_of(found: Features) -> dict[str, int]:
    return {work.kind: work.calls for work in found.classes if work.flop}


@pytest.mark.slow
def test_classes_of_known_networks() -> None:
    found = features(*resnet())
    assert calls_of(found) == {"conv1x1": 36, "conv3x3": 13, "conv_other": 4, "gemv": 1}
    assert found.weight_bytes == pytest.approx(4 * 25.557e6, rel=0.01)
    found = features(*mobilenet())
    assert calls_of(found) == {"conv1x1": 34, "dwconv": 17, "conv_other": 1, "gemv": 1}
    found = features(*vit())
    assert found.find("attention").calls == 12
    assert found.find("gemm").calls == 12 * 6


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=500, num_key_value_heads=2, **shape))


def decode(call: Callable[..., Any]) -> Any:
    out = call(torch.ones(1, 8, dtype=torch.int64), use_cache=True, logits_to_keep=1)
    for _ in range(3):
        token = out.logits[:, -1:].argmax(-1)
        token.item()
        out = call(token, past_key_values=out.past_key_values, use_cache=True)
    return out.logits


@pytest.mark.slow
def test_a_step_of_several_calls_is_counted_whole() -> None:
    model = llama()
    found = features(model, step=decode)
    assert found.flop == torchs_own(model, step=decode)
    assert found.find("attention").calls == 2 * 4
    assert found.find("gemm").calls == 2 * 7, "the prompt"
    assert found.find("gemv").calls == 2 * 7 * 3 + 4, "three tokens, and the logits of one each time"
    matrices = sum(p.nbytes for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name)
    assert found.find("gemv").weight_bytes == pytest.approx(3 * matrices + 4 * 500 * 64)


class Every(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 8, 3, padding=1, groups=8),
            nn.Conv2d(8, 16, 1, stride=2),
            nn.Conv2d(16, 16, 3, padding=1, groups=4),
            nn.Conv2d(16, 8, 5),
            nn.ConvTranspose2d(8, 4, 2, stride=2),
            nn.Flatten(),
            nn.Dropout(),
            nn.Linear(4 * 8 * 8, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def test_each_class_is_told_apart_with_its_bytes() -> None:
    found = features(Every(), torch.randn(1, 3, 16, 16))
    expected = {"conv1x1": 1, "conv3x3": 1, "conv_other": 2, "dwconv": 1, "gconv": 1, "gemv": 1}
    assert calls_of(found) == expected
    assert found.find("elementwise").calls == 1
    assert found.find("dispatch").calls == 10
    assert found.find("conv3x3").weight_bytes == 4 * (3 * 8 * 9 + 8)
    assert found.find("conv3x3").activation_bytes == 4 * 16 * 16 * (3 + 8)
    assert found.find("dwconv").flop == 2 * 16 * 16 * 8 * 9
    assert found.find("elementwise").activation_bytes == 2 * 4 * 16 * 16 * 8
    assert found.flop == torchs_own(Every(), torch.randn(1, 3, 16, 16))


def test_views_move_no_data_and_copies_do() -> None:
    class Views(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.t().contiguous().view(-1)[2:].unsqueeze(0)

    found = features(Views(), torch.randn(8, 4))
    assert found.find("elementwise").calls == 1
    assert found.find("elementwise").activation_bytes == 2 * 8 * 4 * 4
    assert found.find("dispatch").calls == 5


def test_what_is_only_written_is_not_read() -> None:
    class Into(nn.Module):
        def forward(self, target: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            return torch.add(x, x, out=target.copy_(x))

    found = features(Into(), torch.zeros(8), torch.ones(8)).find("elementwise")
    assert found.activation_bytes == (2 + 2) * 8 * 4, "x is read once by each"


def test_a_table_is_read_where_it_is_looked_up() -> None:
    found = features(nn.Embedding(1000, 16), torch.tensor([[1, 2, 3]]))
    assert found.find("elementwise").weight_bytes == 3 * 16 * 4


def test_what_repeats_itself_is_read_once() -> None:
    class Wide(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.expand(100, 4) + 1

    assert features(Wide(), torch.randn(1, 4)).find("elementwise").activation_bytes == 4 * 4 + 4 * 400


@pytest.mark.parametrize("bits", ["int8", "int4"])
def test_a_product_with_weights_in_few_bits_is_a_product(bits: str) -> None:
    from harness.weights._few_bits import replace_linears

    module, rows = nn.Sequential(nn.Linear(128, 64, bias=False)), torch.randn(6, 128)
    exact = features(module, rows)
    replace_linears(module, bits, torch.float32)
    found = features(module, rows)
    assert found.flop == exact.flop == 2 * 6 * 128 * 64
    assert found.find("gemm").weight_bytes < exact.find("gemm").weight_bytes / 3


def test_the_backward_pass_of_attention_and_convolutions_is_counted() -> None:
    class Trained(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.zero_grad()
            with torch.inference_mode(False), torch.enable_grad():
                rows = self.layers(x).flatten(2).transpose(1, 2)[:, None].contiguous()
                nn.functional.scaled_dot_product_attention(rows, rows, rows).sum().backward()
            return x

    image = torch.randn(2, 3, 16, 16)
    found, products = features(Trained(), image), 2 * 2 * 49 * 49 * 8
    assert found.find("attention").flop == 2 * products + 5 * products
    without = torchs_own(Trained(), image) - 2 * 3 * products  # torch counts six products where no kernel fuses them
    assert sum(found.find(kind).flop for kind in ("conv3x3", "conv_other")) == without


def test_a_composite_operators_parts_are_counted() -> None:
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.einsum("ij,jk->ik", x, x)

    assert features(Sum(), torch.randn(8, 8)).find("gemm").flop == 2 * 8**3


def test_an_operator_that_does_the_work_of_several_is_not_counted() -> None:
    with pytest.raises(NotCounted, match="does the work of several operators"):
        features(nn.TransformerEncoderLayer(8, 2, batch_first=True), torch.randn(1, 3, 8))


def test_steps_that_differ_are_not_counted() -> None:
    turns = Counter[str]()

    def step(call: Callable[..., Any]) -> Any:
        turns["taken"] += 1
        return [call(torch.ones(1, 4)) for _ in range(turns["taken"])]

    with pytest.raises(NotCounted, match="other operators each time"):
        features(nn.Linear(4, 4), step=step)


def test_every_operator_has_a_time() -> None:
    found = features(Every(), torch.randn(1, 3, 16, 16))
    assert all(work.seconds and work.seconds > 0 for work in found.classes if work.kind != "dispatch")
