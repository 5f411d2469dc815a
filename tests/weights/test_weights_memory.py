from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM
from harness import weights
from harness.model.workload import Place

def status(key):
    line = next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith(key + ":"))
    return int(line.split()[1]) * 1024

config = LlamaConfig(vocab_size=32000, hidden_size=1024, intermediate_size=4096, num_hidden_layers=4,
                     num_attention_heads=8, num_key_value_heads=8, tie_word_embeddings=True)
place = Place("cpu", "float32", 0, Path(sys.argv[1]))
writer = os.fork()
if not writer:
    weights.ensure(LlamaForCausalLM, config, place)
    sys.exit()
assert os.waitpid(writer, 0)[1] == 0
Path("/proc/self/clear_refs").write_text("5")
rss, anonymous = status("VmRSS"), status("RssAnon")
model = weights.load(LlamaForCausalLM, config, place)
held = sum(p.numel() * p.element_size() for p in model.parameters())
print(held, status("VmHWM") - rss, status("RssAnon") - anonymous)
"""


@pytest.mark.slow
def test_loading_takes_the_weights_once_in_memory_that_cannot_be_dropped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    held, peak, anonymous = map(int, said.split())
    assert held > 300e6
    assert held <= anonymous
    assert peak < 1.1 * held
