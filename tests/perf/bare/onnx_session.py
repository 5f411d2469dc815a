"""``onnx_session.py MODEL CALLS``: times an ONNX Runtime session in a bare loop; prints JSON of seconds.

Warmed up, it stops itself until it is told to go on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from time import perf_counter_ns

import numpy
import onnxruntime

WARM_CALLS = 10


def main(model: Path, calls: int) -> None:
    """On one thread, with the inputs that lie beside the model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    with numpy.load(model.with_name("inputs.npz")) as kept:
        given = dict(zip(names, kept.values(), strict=True))
    for _ in range(WARM_CALLS):
        session.run(None, given)
    os.kill(os.getpid(), signal.SIGSTOP)
    times = []
    for _ in range(calls):
        start = perf_counter_ns()
        session.run(None, given)
        times.append((perf_counter_ns() - start) / 1e9)
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
