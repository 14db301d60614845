"""Tables for people, tab-separated text for pipes, JSON for programs."""

from __future__ import annotations

import json

import pytest

from faas_agent.cli import output

THINGS = [
    {"name": "one", "metadata": {"system": {"size": 3}}},
    {"name": "a\tb\nc\x1b[31m", "metadata": None},
]
COLUMNS = {"name": "name", "bytes": "metadata.system.size"}


def test_a_pipe_gets_one_line_per_thing_whatever_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(THINGS, COLUMNS, as_json=False)
    assert capsys.readouterr().out == "one\t3\na b c [31m\t\n"


def test_json_is_the_whole_answer_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(THINGS, COLUMNS, as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == THINGS
    assert printed.err == ""


def test_json_of_nothing_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([], COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_a_terminal_gets_a_table_with_its_headings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    output.table(THINGS, COLUMNS, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "bytes"]
    assert lines[1].split() == ["one", "3"]


@pytest.mark.parametrize(
    ("path", "shown"), [("n", "0"), ("b", "false"), ("l", '["x"]'), ("none", ""), ("absent.deep", ""), ("n.deep", "")]
)
def test_a_cell_shows_values_of_any_type(path: str, shown: str) -> None:
    assert output.cell({"n": 0, "b": False, "l": ["x"], "none": None}, path) == shown


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("Uploading", 2) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
