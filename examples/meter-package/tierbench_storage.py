"""What a trial reads from storage, a stage at a time, by the kernel's own count."""

from __future__ import annotations

from pathlib import Path

from harness.model.measure import Measurement, Metric, Stage

ACCOUNT = Path("/proc/self/io")
READ = Metric(
    id="storage_read",
    unit="B",
    better="lower",
    scope="process",
    how="read_bytes of /proc/self/io over the stage: what came from storage, not from the page cache",
    resolution="a page or a sector of the device",
)


class Storage:
    """Reads one small file before and after a stage: nothing happens while time is taken."""

    id = "storage"
    roles = frozenset({"need", "timing"})
    devices = frozenset({"cpu", "gpu"})
    metrics = (READ,)

    def __init__(self) -> None:
        self._before: int | None = None

    def available(self) -> str | None:
        """None where the kernel keeps the account, else why not."""
        if _bytes_read() is None:
            return f"{ACCOUNT} cannot be read: the kernel keeps no account, or this container hides it"
        return None

    def begin(self) -> None:
        """Note where the count stands."""
        self._before = _bytes_read()

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Bytes since ``begin``; missing, with the reason, where they cannot be told."""
        after = _bytes_read()
        if self._before is None or after is None:
            return (Measurement(READ, stage, "measured", missing=f"{ACCOUNT} cannot be read"),)
        return (Measurement(READ, stage, "measured", values=(float(after - self._before),)),)


def _bytes_read() -> int | None:
    try:
        lines = ACCOUNT.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("read_bytes:")), None)
