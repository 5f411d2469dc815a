"""``run --advise`` with real children: what does not fit is tried in the other variants that its suite ships."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness import content

pytestmark = pytest.mark.slow

SUITE = '''"""Holds memory, and works for a while."""

import time

from harness import Model, Workload


class Holds(Workload):
    """100 MiB for each of a batch in one data type, half of it in the other."""

    name = "holds"
    runtimes = ("python",)
    dtypes = ("float32", "float16")
    parameters = {"batch": (2,)}
    quick = {"batch": 2}

    def build(self, place, batch):
        held = bytearray(b"x") * ((100 * batch >> (place.dtype == "float16")) << 20)
        return Model(lambda: time.sleep(0.004 if len(held) < 150 << 20 else 0.002))
'''


@pytest.fixture(scope="module")
def handle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("advise")
    for kind in ("suites", "hardware_profiles"):
        (folder / kind).mkdir()
    (folder / "suites" / "held.py").write_text(SUITE)
    generic = next(f.path for f in content.search_path().find("hardware_profiles") if f.name == "generic-1gb")
    text = Path(generic).read_text().replace("generic-1gb", "small").replace("of 1 GB", "of 160 MiB")
    text = text.replace('value = 1\nunit = "GiB"', 'value = 160\nunit = "MiB"')
    (folder / "hardware_profiles" / "small.toml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
        more = {"profiles": ("host", "small"), "quick": True, "include": (folder,), "out": folder / "run"}
        yield harness.run("held", advise=True, **more)


def test_the_variant_that_fits_is_advised_with_its_measured_cost(handle):
    (row,) = handle.view().advised.rows
    (variant,) = row.alternatives
    assert "float32" in row.case
    assert variant.name == "float16"
    assert variant.ratio == pytest.approx(2, rel=0.5)
    assert variant.provenance == "measured"


def test_the_run_is_complete_and_shows_what_it_tried_beyond_its_plan(handle):
    assert handle.complete
    planned = {t.id for t in handle.data.manifest.plan.trials}
    beyond = [r.trial for r in handle.data.records if r.trial_id not in planned]
    assert (beyond[0].role, beyond[0].case.dtype) == ("ceiling", "float16")
    assert {t.role for t in beyond} == {"ceiling", "need", "timing"}
    assert {row.variant for row in handle.view().matrix.rows} == {"float32", "float16"}
    assert "float16" in handle.report(handle.path / "page.html").read_text()
