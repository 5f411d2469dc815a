from __future__ import annotations


def test_this_machine_is_printed_as_a_profile_and_written_as_one(tierbench, tmp_path):
    printed = tierbench("profile", "probe")
    assert printed.returncode == 0, printed.stderr
    assert 'source = "probed: MemTotal in /proc/meminfo"' in printed.stdout
    file = tmp_path / "my-board.toml"
    assert tierbench("profile", "probe", "--into", file).returncode == 0
    assert tierbench("profile", "check", file).returncode == 0
    again = tierbench("profile", "probe", "--into", file)
    assert again.stdout == f"{file}: nothing to put in\n"
