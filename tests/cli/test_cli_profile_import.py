from __future__ import annotations

from pathlib import Path

LOGS = Path(__file__).parents[1] / "vendor" / "hand_made"


def test_a_log_is_printed_as_anchors(tierbench):
    done = tierbench("profile", "import", LOGS / "llama_bench.md", "--source", "our lab", "--date", "2026-11-25")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('[[target.anchors]]\nruntime = "llama.cpp"\n')
    assert "note: rates of prompts are left out" in done.stderr


def test_a_line_that_is_wrong_is_one_line_on_the_screen(tierbench, tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("num_threads = 4\n squeezenet  min = 1.0  max = x  avg = 1.0\n")
    done = tierbench("profile", "import", log, "--source", "our lab")
    assert done.returncode == 2
    assert done.stderr == f"tierbench: {log}:2: max is 'x' (a number above 0)\n"
