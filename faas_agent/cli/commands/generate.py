"""``dlp generate``: the files of a new package in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faas_agent.cli import output, state
from faas_agent.errors import UsageError


def generate(
    option: Annotated[str | None, typer.Option("--option", help="Kind of package; an unknown one lists all")] = None,
    package_name: Annotated[str, typer.Option("-p", "--package-name", help="Package name")] = "default-package",
) -> None:
    """Write code, package.json, mock.json and .gitignore for a new package; never over a file that is there."""
    from faas_agent.cli.skeleton import CATALOGUE, DEFAULT_KIND, files

    kind = CATALOGUE.get(option or DEFAULT_KIND)
    if kind is None:
        raise UsageError(f"there is no kind of package {option!r}: choose one of {', '.join(CATALOGUE)}")
    made = files(kind, package_name)
    there = [name for name in made if Path(name).exists()]
    if there:
        raise UsageError(f"{', '.join(there)} exists here already: run this in an empty folder")
    for name, text in made.items():
        Path(name).write_text(text, "utf-8")
    state.check_out("package", {"name": package_name})
    output.say(f"wrote {', '.join(made)}; try it: dlp packages test -f {kind.functions[0]}")
