"""A new suite to start from: one that works, with comments on what to change."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from harness.errors import MachineError, UserError
from harness.model.text import shortened

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")

_SUITE = Template('''\
"""$name: what these workloads are, where they are used, and what they have to keep to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Marks, Model, Place, Workload


class Classifier(Workload):
    """A small convolutional network on one image: put your own in its place, and say here what it is."""

    name = "classifier"  # called $name/classifier on the command line
    version = 1  # raise it when the work changes: figures of two versions are not compared
    family = "convolutional"
    requires = ("torch",)  # what build imports, so that its import is told apart from the model's load
    parameters = {"batch": (1, 8), "size": (64, 224)}  # run at every combination
    quick = {"batch": 1, "size": 64}  # the one that --quick takes
    dtypes = ("float32", "bfloat16")  # the default first
    runtimes = ("torch-eager", "onnxruntime", "ncnn")  # the default first
    items_unit = "images"
    deadline_seconds = 0.1  # what a step has to keep to; leave it out where nothing is asked

    def build(self, place: Place, batch: int, size: int) -> Model:
        """The network and its inputs. Heavy imports belong in here: a suite is imported whenever anything is listed."""
        import torch
        from torch.nn import AdaptiveAvgPool2d, Conv2d, Flatten, Linear, ReLU, Sequential

        torch.manual_seed(place.seed)  # two builds must be equal
        dtype = getattr(torch, place.dtype)
        network = Sequential(
            Conv2d(3, 16, 3, stride=2, padding=1),
            ReLU(),
            Conv2d(16, 32, 3, stride=2, padding=1),
            ReLU(),
            AdaptiveAvgPool2d(1),
            Flatten(),
            Linear(32, 10),
        )
        return Model(network.to(dtype), (torch.randn(batch, 3, size, size).to(dtype),))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """One step, which must leave its inputs as they were. Always go through call: it may be another runtime's.

        Leave this method out where the model is called once. Where a step has parts, marks("part") takes their times.
        """
        return call(*inputs)

    def items(self, batch: int, size: int) -> float:
        """Images that a step processes, for images per second."""
        return batch
''')

_README = Template("""\
# $name

What these workloads stand for: who runs them, on what, and what they have to keep to.

| workload | what it is | source of the architecture | deadline and its source |
|---|---|---|---|
| `classifier` | a small convolutional network, to be replaced | none: an example | 100 ms, an example |

Weights are random, from a fixed seed: figures are of time, memory and energy, never of accuracy.

```console
$$ tierbench check suite $name
$$ tierbench run $name --quick
```
""")


def write_suite(name: str, project: Path) -> Path:
    """Write ``suites/NAME`` below the project's folder and return it. Raises UserError where it is there already."""
    if not _NAME.match(name):
        hint = "use at most 100 lower-case letters, digits, '_' and '-'"
        raise UserError(f"{shortened(name)!r} cannot name a suite", hint=hint)
    folder = project / "suites" / name
    for taken in (folder, folder.with_suffix(".py")):
        if taken.exists():
            raise UserError("is there already", where=str(taken), hint="choose another name")
    try:
        folder.mkdir(parents=True)
        (folder / "suite.py").write_text(_SUITE.substitute(name=name), encoding="utf-8")
        (folder / "README.md").write_text(_README.substitute(name=name), encoding="utf-8")
    except OSError as error:
        raise MachineError(f"cannot be written: {error.strerror or error}", where=str(folder)) from None
    return folder
