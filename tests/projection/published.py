"""Turns a table of published latencies into the library that projection starts from.

``python -m tests.projection.published FOLDER`` reads ``published_latency.csv`` and ``model_features.csv`` of FOLDER and
writes ``harness/projection/data``. Only rows of ncnn on CPUs are taken: of boards whose cores are known, and of one
thread on x86 machines, which stand in for a host.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "harness/projection/data"
COLUMNS = (
    "device",
    "setting",
    "soc",
    "core",
    "arch",
    "cores",
    "threads",
    "fp16",
    "peak_gflops",
    "model",
    "latency_ms",
    "line",
)
FLOP_PER_CYCLE = {"A53": 8, "A55": 8, "A57": 8, "A72": 8, "A76": 16, "A78AE": 16}
"""Of a core in float32; see docs/projection.md for where each comes from."""
NO_FP16 = {"A53", "A57", "A72"}
"""Armv8.0: what the table calls fp16-auto is arithmetic in float32 there."""
HOSTS = ("Standard D64s v6", "Standard D64as v7", "EPYC 7742", "Ryzen 5700g", "i7-7700K", "i7-11800H")


@dataclass(frozen=True)
class Cluster:
    """Cores of one kind: how many, and their clock in GHz."""

    core: str
    count: int
    ghz: float

    @property
    def peak(self) -> float:
        """Of one core, in GFLOP/s of float32."""
        return self.ghz * FLOP_PER_CYCLE[self.core]


BOARDS: dict[str, tuple[Cluster, ...]] = {
    "Zero 2 W": (Cluster("A53", 4, 1.0),),
    "Raspberry Pi 4": (Cluster("A72", 4, 1.8),),
    "Overclock to 2.9Ghz": (Cluster("A76", 4, 2.9),),
    "Raspberry Pi 5": (Cluster("A76", 4, 2.4),),
    "RK3588": (Cluster("A76", 4, 2.4), Cluster("A55", 4, 1.8)),
    "Jetson Nano": (Cluster("A57", 4, 1.43),),
    "Orin Nano": (Cluster("A78AE", 6, 1.5),),
    "AGX Orin": (Cluster("A78AE", 12, 2.2),),
    "T527": (Cluster("A55", 4, 2.2), Cluster("A55", 4, 1.8)),
    "RK3566": (Cluster("A55", 4, 1.8),),
    "RZG2L": (Cluster("A55", 2, 1.5),),
    "RK3399": (Cluster("A72", 2, 1.8), Cluster("A53", 4, 1.5)),
    "RK3228H": (Cluster("A53", 4, 1.3),),
    "RK3328": (Cluster("A53", 4, 1.3),),
    "Snapdragon 410": (Cluster("A53", 4, 1.2),),
    "H616": (Cluster("A53", 4, 1.5),),
    "RDK X3": (Cluster("A53", 4, 1.5),),
    "AX630C": (Cluster("A53", 2, 1.2),),
    "Snapdragon 810": (Cluster("A57", 4, 2.0), Cluster("A53", 4, 1.55)),
}
"""Cores and clocks as the table's own headings give them, or a source in docs/projection.md."""


def boards(name: str) -> tuple[Cluster, ...] | None:
    """The clusters of the first board whose key is in ``name``, None where it is none of them."""
    return next((found for key, found in BOARDS.items() if key.lower() in name.lower()), None)


def used(clusters: Iterable[Cluster], threads: int, powersave: int) -> list[Cluster]:
    """The cores that so many threads run on, a Cluster each. ``powersave``: 0 all, 1 the small ones, 2 the big ones."""
    singly = [Cluster(c.core, 1, c.ghz) for c in clusters for _ in range(c.count)]
    singly.sort(key=lambda c: c.peak, reverse=True)
    big = (singly[0].core, singly[0].ghz)
    if powersave and any((c.core, c.ghz) != big for c in singly):
        singly = [c for c in singly if ((c.core, c.ghz) == big) == (powersave == 2)]
    return singly[:threads]


def rows(table: Iterable[Mapping[str, str]], known: set[str]) -> Iterator[dict[str, object]]:
    """Library rows of a published table; rows of models that are not ``known`` are left out."""
    blocks: dict[tuple[str, ...], dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in table:
        if row["runtime"] != "ncnn-cpu" or row["precision"] not in {"fp32", "fp16-auto"} or row["model"] not in known:
            continue
        key = (row["device"], row["cpu"], row["threads"], row["precision"], row["note"])
        line = re.search(r"#L(\d+)", row["source"])
        blocks[key][row["model"]].append((int(line.group(1)) if line else 0, float(row["latency_ms"])))
    for key, models in blocks.items():
        yield from _block(key, models)


def _block(key: tuple[str, ...], models: Mapping[str, list[tuple[int, float]]]) -> Iterator[dict[str, object]]:
    setup = _setup(key)
    if setup is None:
        return
    for model, found in models.items():
        for table, (line, milliseconds) in enumerate(sorted(found)):
            setting = f"{setup['setting']}{f' table {table + 1}' if table else ''}"
            yield {**setup, "setting": setting, "model": model, "latency_ms": milliseconds, "line": line}


def _setup(key: tuple[str, ...]) -> dict[str, object] | None:
    device, cpu, threads, precision, note = key
    name, count = f"{device} {cpu}", int(threads)
    chosen = re.search(r"powersave=(\d)", note)
    clusters = boards(name)
    if clusters is None:
        host = next((h for h in HOSTS if h in name), None)
        return _host(host, device, note) if host and count == 1 else None
    cores = used(clusters, count, int(chosen.group(1)) if chosen else 0)
    fp16 = precision == "fp16-auto" and cores[0].core not in NO_FP16
    peak = sum(c.peak for c in cores) * (2 if fp16 else 1)
    soc = re.search(r"RK3588|RK3566|RK3399", device, re.IGNORECASE)
    return {
        "device": device,
        "setting": f"{count} threads, {precision}, {note}",
        "soc": soc.group(0).upper() if soc else re.sub(r" Overclock.*|,.*", "", device),
        "core": f"Cortex-{cores[0].core}",
        "arch": "arm64",
        "cores": len(cores),
        "threads": count,
        "fp16": int(fp16),
        "peak_gflops": round(peak, 3),
    }


def _host(host: str, device: str, note: str) -> dict[str, object]:
    plain = {"cores": 1, "threads": 1, "fp16": 0, "peak_gflops": ""}
    return {
        "device": f"{device} {host}",
        "setting": f"1 thread, {note}",
        "soc": host,
        "core": "x86",
        "arch": "x86_64",
        **plain,
    }


def extract(folder: Path, target: Path = DATA) -> int:
    """Write library and models from ``folder`` into ``target``; the number of library rows."""
    models = list(csv.DictReader((folder / "model_features.csv").read_text().splitlines()))
    table = csv.DictReader((folder / "published_latency.csv").read_text().splitlines())
    found = list(rows(table, {row["model"] for row in models}))
    _write(target / "ncnn_cpu.csv", COLUMNS, found)
    _write(target / "models.csv", tuple(models[0]), models)
    return len(found)


def _write(path: Path, columns: tuple[str, ...], found: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: row[name] for name in columns} for row in found)


if __name__ == "__main__":
    print(f"{extract(Path(sys.argv[1]))} rows")  # noqa: T201 - a tool's own output
