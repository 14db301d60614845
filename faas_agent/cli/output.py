"""What a command says: tables and progress for people, tab-separated text for pipes, JSON for programs.

Enters: entities and the columns to show. Leaves: text on stdout; everything that is not the answer goes to stderr.
Called by the commands. Imports rich only when somebody looks: on a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from faas_agent.cli.jsonfile import Json

Columns = Mapping[str, str]
"""Heading -> dotted path into the entity."""


def table(entities: Sequence[Json], columns: Columns, as_json: bool) -> None:
    """The list, in the form its reader can use."""
    if as_json:
        print(json.dumps(list(entities), indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _rich_table(entities, columns)
    else:
        for entity in entities:
            print("\t".join(cell(entity, path) for path in columns.values()))


def say(text: str) -> None:
    """A line of the answer."""
    print(text, flush=True)


def note(text: str) -> None:
    """A line beside the answer."""
    print(text, file=sys.stderr, flush=True)


def cell(entity: Json, path: str) -> str:
    """The value at a dotted path as one printable line; what is absent is empty."""
    value: Any = entity
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """A name may hold anything, and must neither break a line nor talk to the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, silence elsewhere. Yields what to call for every step that is over."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


def _rich_table(entities: Sequence[Json], columns: Columns) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for entity in entities:
        shown.add_row(*(Text(cell(entity, path), overflow="fold") for path in columns.values()))
    Console().print(shown)
