"""The page: a theme's template with its own style and script, one file that needs no network.

A theme is a folder with ``template.html``, ``style.css`` and, if it likes, ``script.js``. Its template is given
``view`` (a ReportView), ``style``, ``script``, ``policy`` (the page's Content-Security-Policy), ``downloads`` (gzip
data URIs by format) and the filter ``g``, which writes a number as short as it goes.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from harness import atomic, content
from harness.errors import ContentError
from harness.render import compiled, csv, json
from harness.view import ReportView

TEMPLATE, STYLE, SCRIPT = "template.html", "style.css", "script.js"
_COMPILED_WITH = "sandboxed, autoescape, trim_blocks, lstrip_blocks"


def render(view: ReportView, theme_dir: Path) -> str:
    """The page as HTML. Raises ContentError, naming file and line, for a theme that cannot be used."""
    style, script = _read(theme_dir / STYLE), _read(theme_dir / SCRIPT, needed=False)
    _check_end_tag(theme_dir / STYLE, style, "style")
    _check_end_tag(theme_dir / SCRIPT, script, "script")
    try:
        template = _environment(theme_dir).get_template(TEMPLATE)
        return template.render(
            view=view,
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
            downloads={"csv": _packed(csv.render(view)), "json": _packed(json.render(view))},
        )
    except jinja2.TemplateNotFound as error:
        raise ContentError(f"the theme has no {error.name}", where=str(theme_dir)) from error
    except jinja2.TemplateSyntaxError as error:
        raise ContentError(str(error.message), where=f"{error.filename}:{error.lineno}") from error
    except jinja2.TemplateError as error:
        raise ContentError(str(error), where=_place(error, theme_dir)) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ContentError(f"{type(error).__name__}: {error}", where=_place(error, theme_dir)) from error


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy that allows this style and this script, and nothing that would need the network."""
    scripts = f"; script-src {_hash(script)}" if script else ""
    return f"default-src 'none'; style-src {_hash(style)}{scripts}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@lru_cache(maxsize=4)
def _environment(theme_dir: Path) -> jinja2.Environment:
    """Kept, since compiling a template takes longer than filling it; a file that changed is compiled anew.

    A template is rendered in Jinja's sandbox: a theme of a stranger runs no code. Nor is a compiled form read that lies
    beside it: that would be code.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(theme_dir),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled.beside(theme_dir, _COMPILED_WITH) if _is_bundled(theme_dir) else None,
    )
    environment.filters["g"] = "{:g}".format
    return environment


def _is_bundled(theme_dir: Path) -> bool:
    return theme_dir.resolve().is_relative_to(content.bundled())


def _read(path: Path, needed: bool = True) -> str:
    try:
        atomic.refuse_irregular(path)
        return path.read_text(encoding="utf-8-sig").strip() + "\n"
    except FileNotFoundError:
        if not needed:
            return ""
        raise ContentError(f"the theme has no {path.name}", where=str(path.parent)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"cannot be read: {error}", where=str(path)) from error


def _check_end_tag(path: Path, text: str, tag: str) -> None:
    found = re.search(rf"</{tag}|<!--", text, re.IGNORECASE)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise ContentError(f"{found.group()!r} would end the page's {tag} early", where=f"{path}:{line}")


def _place(error: Exception, theme_dir: Path) -> str:
    """The last line of the theme that the error passed through."""
    where, trace = str(theme_dir), error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(str(theme_dir)):
            where = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def _packed(text: str) -> str:
    """A data URI of the text, packed with gzip: a tenth of it, and the same bytes each time."""
    return f"data:application/gzip;base64,{b64encode(gzip.compress(text.encode(), mtime=0)).decode()}"
