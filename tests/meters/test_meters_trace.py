"""The codec of traces, the recorder, and the command that writes them."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ContentError
from harness.meters import recorder, trace
from harness.meters.replay import Replay
from harness.meters.trace import FORMAT, Entry, Head, Refused, Trace

counts = st.integers(-(2**63), 2**63 - 1)
figures = st.floats(allow_nan=False, allow_infinity=False)
values = counts | figures | st.booleans() | st.text() | st.tuples(st.text(), figures) | st.builds(Refused, st.text())


@st.composite
def traces(draw):
    names = draw(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
    times = sorted(draw(st.lists(st.integers(0, 10**12), max_size=20)))
    entries = tuple(Entry(t, draw(st.integers(0, len(names) - 1)), draw(values)) for t in times)
    head = Head(FORMAT, draw(st.sampled_from(["recorded", "made by hand"])), draw(st.text()), tuple(names))
    return Trace(head, entries)


@given(traces())
def test_a_trace_survives_the_file(made):
    written = b"".join(trace.lines(made))
    found = trace.parse(written.splitlines(), "a.jsonl")
    assert found == made
    assert [type(e.value) for e in found.entries] == [type(e.value) for e in made.entries]


@given(traces(), st.data())
def test_a_cut_or_spoilt_line_is_named(made, data):
    written = list(trace.lines(made))
    number = data.draw(st.integers(0, len(written) - 1))
    written[number] = written[number][: data.draw(st.integers(1, len(written[number]) - 2))]
    with pytest.raises(ContentError, match=rf"^a\.jsonl:{number + 1}: "):
        trace.parse(written, "a.jsonl")


HEAD = b'{"format":1,"origin":"recorded","about":"","sources":["a"]}'


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "empty"),
        ([HEAD.replace(b"1", b"2")], "format 2"),
        (
            [HEAD, b'[1,1,"x"]'],
            "a.jsonl:2: there is no source 1",
        ),
        (
            [HEAD, b"[2,0,1]", b"[1,0,1]"],
            "a.jsonl:3: the time",
        ),
    ],
)
def test_what_is_no_trace_is_said_with_its_line(lines, said):
    with pytest.raises(ContentError, match=said):
        trace.parse(lines, "a.jsonl")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ContentError, match="cannot be read"):
        trace.load(tmp_path / "none.jsonl")


@pytest.fixture
def machine(tmp_path):
    """A tree of files as a machine with a package counter, a thermal zone and a clock has them."""
    files = {
        "sys/class/powercap/intel-rapl:0/name": "package-0\n",
        "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "1000\n",
        "sys/class/powercap/intel-rapl:0/energy_uj": "17\n",
        "sys/class/thermal/thermal_zone0/temp": "45000\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "2400000\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True) if not path.parent.is_dir() else None
        path.write_text(text)
    return tmp_path


def test_what_is_recorded_can_be_replayed(machine, fake_time, tmp_path_factory):
    found = {name: read for name, read in recorder.sources(machine).items() if name.startswith("/")}
    assert len(found) == 3
    made = recorder.record(found, recorder.fixed(machine), 1.0, 0.1, fake_time.clock())
    assert len(made.entries) == 3 * 10
    replay = Replay(trace.parse(trace.lines(made), "x"), tmp_path_factory.mktemp("replay"))
    zone = replay.root("/sys/class/powercap/intel-rapl:0")
    replay.sleep(0.5)
    assert (replay.read(zone / "energy_uj"), replay.read(zone / "name")) == ("17", "package-0\n")
    assert list(replay.root("/sys/class/powercap").glob("intel-rapl:*")) == [zone]


def test_a_sensor_that_is_lost_while_recording_is_kept_as_such(machine, fake_time):
    found = {"/gone": recorder.sources(machine)["/sys/class/thermal/thermal_zone0/temp"]}
    (machine / "sys/class/thermal/thermal_zone0/temp").unlink()
    made = recorder.record(found, {}, 0.2, 0.1, fake_time.clock())
    assert all(isinstance(e.value, Refused) and "No such file" in e.value.error for e in made.entries)


def test_times_grow_and_end_in_time(machine, fake_time):
    made = recorder.record(recorder.sources(machine), {}, 2.0, 0.25, fake_time.clock())
    times = [e.time_ns for e in made.entries]
    assert times == sorted(times)
    assert math.isclose(times[-1] / 1e9, 1.75, abs_tol=0.01)


def test_the_command_writes_a_trace_or_says_in_one_line_that_there_is_nothing(tmp_path):
    target = tmp_path / "here.jsonl"
    command = [sys.executable, "-m", "harness", "record-sensors", "--seconds", "0.2", "--out", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if recorder.sources():
        assert done.returncode == 0, done.stderr
        assert trace.load(target).head.origin == "recorded"
    else:
        assert done.returncode == 4
        assert "nothing to record" in done.stderr
        assert done.stderr.count("\n") == 1
        assert not target.exists()
