"""Drives a system that sleeps with MLPerf's LoadGen, in a process of its own because LoadGen ends one on an error.

Called with a folder for its logs and a scenario; prints what the system saw of itself and what LoadGen's log says.
"""

from __future__ import annotations

import json
import queue
import re
import sys
import threading
import time
from pathlib import Path

import mlperf_loadgen as loadgen

QPS, SEED, QUERIES = 100.0, 12345, 300
SERVICE_SECONDS, TARGET_SECONDS, PERCENTILE = 0.006, 0.02, 0.9
_SAMPLE = re.compile(r'"name":"Sample".*"ph":"b".*"ts":([0-9.]+),.*"complete_ns":(\d+)')


class System:
    """Serves one query at a time, on a thread, and notes how long each took (ns)."""

    def __init__(self) -> None:
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        self.took: list[int] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def issue(self, samples) -> None:
        for sample in samples:
            self.waiting.put(sample)

    def _serve(self) -> None:
        while True:
            sample = self.waiting.get()
            began = time.perf_counter_ns()
            time.sleep(SERVICE_SECONDS)
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])
            self.took.append(time.perf_counter_ns() - began)


def settings(scenario: str):
    found = loadgen.TestSettings()
    found.scenario = getattr(loadgen.TestScenario, scenario)
    found.mode = loadgen.TestMode.PerformanceOnly
    found.server_target_qps, found.schedule_rng_seed = QPS, SEED
    found.server_target_latency_ns = round(TARGET_SECONDS * 1e9)
    found.server_target_latency_percentile = found.single_stream_target_latency_percentile = PERCENTILE
    found.min_query_count = found.max_query_count = QUERIES if scenario == "Server" else 200
    found.min_duration_ms = 1
    return found


def run(folder: Path, scenario: str) -> dict[str, object]:
    system, logs, output = System(), loadgen.LogSettings(), loadgen.LogOutputSettings()
    output.outdir = str(folder)
    logs.log_output, logs.enable_trace = output, True
    sut = loadgen.ConstructSUT(system.issue, lambda *_: None)
    library = loadgen.ConstructQSL(16, 16, lambda _: None, lambda _: None)
    loadgen.StartTestWithLogSettings(sut, library, settings(scenario), logs, "")
    loadgen.DestroyQSL(library)
    loadgen.DestroySUT(sut)
    trace = (folder / "mlperf_log_trace.json").read_text()
    samples = sorted((float(m[1]), int(m[2])) for m in _SAMPLE.finditer(trace))
    return {
        "scheduled_us": [at for at, _ in samples],
        "latency_ns": [latency for _, latency in samples],
        "took_ns": system.took,
        "summary": (folder / "mlperf_log_summary.txt").read_text(),
        "detail": (folder / "mlperf_log_detail.txt").read_text(),
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), sys.argv[2])))  # noqa: T201 - what the test reads
