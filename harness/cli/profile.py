"""``tierbench profile``: what a vendor needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options, profile_calibrate, profile_import, profile_probe, profile_verify
from harness.cli.echo import say
from harness.errors import Exit, UserError
from harness.model.text import plain

if TYPE_CHECKING:
    from harness.profiles import Defect, Difference, ProfileFile


@click.group("profile", short_help="Make, check and compare hardware profiles.")
def command() -> None:
    """Make, check and compare hardware profiles, and fill them at the board."""


command.add_command(profile_import.command)
command.add_command(profile_probe.command)
command.add_command(profile_calibrate.command)
command.add_command(profile_verify.command)


@command.command("new")
@click.option("--id", "identity", required=True, help="Name of the profile and its file, such as my-board-4gb.")
@click.option("--name", default="", help="As people call the board.")
@click.option("--tier", default="", help="Class of machine: sbc, edge-gpu, mini-pc, phone ...")
@click.option("--soc", default="", help="Its system on a chip.")
@click.option("--power-mode", default="", help="The one mode that the figures are of.")
@click.option("--contributor", default="", help="Who contributes it.")
@click.option("-o", "--out", type=options.NamedPath(), help="File to write.  [default: ID.toml]")
def new(identity: str, out: Path | None, **texts: str) -> int:
    """Write a commented profile to fill in. It says what is needed, and guesses nothing."""
    from harness import profiles

    text = profiles.template(identity, texts)
    file = out or Path(f"{identity}.toml")
    _write_new(file, text)
    say(f"{file}: fill in the {text.count(profiles.MARK)} marked lines, then: tierbench profile check {file}")
    return Exit.OK


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UserError("is there already", where=str(file), hint="choose another file with -o") from None
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", where=str(file)) from None


@command.command("check")
@click.argument("files", nargs=-1, required=True, type=options.NamedPath())
@options.as_json
def check(files: tuple[Path, ...], as_json: bool) -> int:
    """Say all that is wrong with profile FILES, at once and with line numbers, and what to know of sound ones."""
    found = {file: _defects(file) for file in files}
    noted = {file: _notes(file) for file, defects in found.items() if not defects}
    if as_json:
        rows = [_row(file, "error", d) for file, defects in found.items() for d in defects]
        click.echo(json.dumps(rows + [_row(file, "note", d) for file, notes in noted.items() for d in notes]))
    else:
        for file, defects in found.items():
            _tell(file, defects, noted.get(file, []))
    return Exit.FAILED if any(found.values()) else Exit.OK


def _row(file: Path, level: str, defect: Defect) -> dict[str, Any]:
    fields = {"line": defect.line, "field": defect.field, "message": defect.message, "hint": defect.hint}
    return {"file": str(file), "level": level, **fields}


def _tell(file: Path, defects: list[Defect], notes: list[Defect]) -> None:
    for d in defects or notes:
        field = f"{d.field}: " if d.field else ""
        note = "" if defects else "note: "
        say(plain(f"{file}:{d.line}: {note}{field}{d.message}" + (f" ({d.hint})" if d.hint else "")))
    if not defects:
        say(plain(f"{file}: sound"))


def _defects(file: Path) -> list[Defect]:
    from harness import profiles
    from harness.profiles import Defect

    try:
        return profiles.check(file)
    except UserError as error:
        return [Defect(0, "", error.what, error.hint)]


def _notes(file: Path) -> list[Defect]:
    from harness import profiles

    return profiles.notes(file)


@command.command("show")
@click.argument("name", shell_complete=options.complete_profiles)
@options.include
@options.as_json
def show(name: str, include: tuple[Path, ...], as_json: bool) -> int:
    """Show a profile, NAME or file: its targets, figures and anchors with their sources, and its stated accuracy."""
    from harness import profiles

    found = _found(name, include)
    notes = profiles.notes(found.path)
    if as_json:
        click.echo(json.dumps(_as_json(found, notes)))
    else:
        say("\n".join(profiles.describe(found.profile, notes)))
    return Exit.OK


def _as_json(found: ProfileFile, notes: list[Defect]) -> dict[str, Any]:
    import msgspec

    from harness import profiles

    profile = found.profile
    stands = {target.id: profiles.calibration(profile, target) for target in profile.target}
    return {
        "profile": msgspec.to_builtins(profile),
        "budget_bytes": profile.budget_bytes,
        "calibration": msgspec.to_builtins(stands),
        "notes": [_row(found.path, "note", note) for note in notes],
        "file": str(found.path),
    }


@command.command("diff")
@click.argument("first", shell_complete=options.complete_profiles)
@click.argument("second", shell_complete=options.complete_profiles)
@options.include
@options.as_json
def diff(first: str, second: str, include: tuple[Path, ...], as_json: bool) -> int:
    """Say in what two profiles, names or files, differ: figure by figure, and anchor by anchor."""
    import msgspec

    from harness import profiles

    one, other = _found(first, include).profile, _found(second, include).profile
    found = profiles.differences(one, other)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found)))
        return Exit.OK
    width = max((len(d.path) for d in found), default=0)
    for d in found:
        say(plain(f"{d.path:<{width}}  {_change(d)}"))
    if not found:
        say("no difference")
    return Exit.OK


def _change(difference: Difference) -> str:
    ratio = f"  ({difference.ratio:.3g} times)" if difference.ratio is not None else ""
    return f"{difference.first or '–'} → {difference.second or '–'}{ratio}"


def _found(name: str, include: tuple[Path, ...]) -> ProfileFile:
    """The profile in a file, or of a name on the search path."""
    from harness import content, profiles

    file = Path(name)
    if file.suffix == ".toml":
        return profiles.ProfileFile(profiles.load(file), file, "given")
    files = profiles.load_files(content.search_path(include))
    resolved = profiles.resolve(name, [f.profile for f in files])
    if resolved.said:
        say(resolved.said, err=True)
    return next(f for f in files if f.profile is resolved.profile)


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of a profile."""
    from harness import profiles

    click.echo(json.dumps(profiles.schema(), indent=2))
    return Exit.OK
