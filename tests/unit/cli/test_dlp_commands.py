"""``dlp`` as a program: quick help, exit codes, one line of error, nothing sent before local checks passed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dlp_stub import Answer, Asked, Stub, serving

from faas_agent.cli import cookie, state
from faas_agent.cli.dlp import COMMANDS, main


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    returncode: int
    stdout: str
    stderr: str


Dlp = Callable[..., Done]


@pytest.fixture
def dlp(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Dlp:
    """The entry point itself, in this process: starting a program for each line would take most of the time."""

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["dlp", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, said.out, said.err)

    return call


@pytest.fixture
def stub(make_token: Callable[..., str]) -> Iterator[Stub]:
    with serving() as made:
        cookie.use(made.url)
        cookie.remember(cookie.current(), make_token(), "refresh")
        yield made


def test_help_imports_nothing_heavy() -> None:
    call = "from faas_agent.cli.dlp import main\ntry: main()\nfinally: print(*sys.modules)"
    code = f"import sys; sys.argv = ['dlp', '--help']\n{call}"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"rich", "urllib3", "pydantic", "asyncio", "fastapi", "sqlalchemy", "ssl"}
    assert "typer" in modules
    assert not heavy & set(modules)
    assert not [module for module in modules if module.startswith("faas_agent.cli.commands.")]


def test_help_names_every_command(dlp: Dlp) -> None:
    for arguments in ([], ["help"], ["-h"], ["--help"]):
        done = dlp(*arguments)
        assert done.returncode == 0
        assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_explains_itself(name: str, dlp: Dlp) -> None:
    done = dlp(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: dlp {name}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["projects"], 2, "See 'dlp projects --help'"),
        (["projects", "create"], 2, "'-p'"),
        (["projects", "ls", "--wrong"], 2, "No such option: --wrong"),
        (["items", "ls", "-o", "x"], 2, "'-o'"),
        (["projects", "ls"], 2, "no platform is set"),
        (["api", "setenv", "-e", "typo"], 2, "Unknown platform environment"),
        (["login-m2m", "-e", "me@example.com"], 2, "no platform is set"),
        (["packages", "push"], 2, "there is no main.py"),
        (["packages", "test"], 2, "there is no main.py"),
        (["deploy", "-f", "none.json"], 2, "there is no none.json"),
        (["generate", "--option", "typo"], 2, "choose one of default_package_type"),
        (["services", "execute", "-in", "[1]"], 2, "-in has to be a JSON object"),
        (["items", "download", "-ao", "pdf"], 2, "json, mask or instance, not as pdf"),
        (["triggers", "create", "-r", "Item", "-a", "Created", "-fl", "["], 2, "-fl has to be a JSON object"),
        (["triggers", "create", "-r", "Item"], 2, "-r RESOURCE -a ACTIONS for what happens, or --cron for the clock"),
        (["triggers", "create", "--cron", "@daily", "-r", "Item"], 2, "leave out -r, -a and -fl"),
        (["triggers", "create", "--cron", "@daily", "-in", "5"], 2, "-in has to be a JSON object"),
        (["triggers", "create", "-r", "Item", "-a", "Created", "--timezone", "UTC"], 2, "belong to --cron"),
        (["services", "tear-down"], 2, "service.json"),
        (["mkdir", "missing/deep"], 1, "missing/deep"),
        (["cd", "missing"], 2, "missing is not a folder"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    dlp: Dlp, arguments: list[str], code: int, message: str
) -> None:
    done = dlp(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("dlp: ")
    assert message in done.stderr


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (404, 4), (409, 5), (500, 1)])
def test_what_the_platform_refuses_has_its_own_exit_code(dlp: Dlp, stub: Stub, status: int, code: int) -> None:
    stub.script = lambda _: Answer(status, {"message": "the reason"})
    done = dlp("projects", "ls")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert "the reason" in done.stderr


def test_an_answer_of_another_shape_is_not_a_traceback(dlp: Dlp, stub: Stub) -> None:
    stub.script = lambda _: Answer(200, {"unexpected": True})
    done = dlp("packages", "ls", "-p", "demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_login_that_is_over_says_how_to_log_in_again(dlp: Dlp, stub: Stub, make_token: Callable[..., str]) -> None:
    cookie.remember(cookie.current(), make_token(seconds=1), None)
    done = dlp("projects", "ls")
    assert done.returncode == 3
    assert "log in again: dlp login-m2m -e" in done.stderr


def test_no_command_prints_a_token(dlp: Dlp, stub: Stub) -> None:
    token = cookie.current().token
    assert token is not None
    for arguments in (["api", "info"], ["api", "info", "--json"], ["api", "setenv", "-e", stub.url], ["logout"]):
        done = dlp(*arguments)
        assert done.returncode == 0
        assert token not in done.stdout + done.stderr


def test_broken_code_is_refused_before_anything_is_sent(dlp: Dlp, stub: Stub, here: Path) -> None:
    (here / "main.py").write_text("class ServiceRunner: ...")
    assert dlp("packages", "push", "-pr", "demo").returncode == 2
    assert stub.asked == []


def test_a_list_with_json_is_an_array_and_nothing_else(dlp: Dlp, stub: Stub) -> None:
    found = [{"id": "1", "name": "demo", "createdAt": "2026-01-01T00:00:00.000Z"}]
    stub.script = lambda _: Answer(200, found)
    done = dlp("projects", "ls", "--json")
    assert json.loads(done.stdout) == found
    assert done.stderr == ""
    assert dlp("projects", "ls").stdout == "demo\t1\t2026-01-01T00:00:00.000Z\n"


def test_version_init_and_folders_need_no_platform(dlp: Dlp, here: Path) -> None:
    assert dlp("version").stdout == dlp("-v").stdout != ""
    assert dlp("init").returncode == 0
    assert json.loads((here / ".dataloop" / "state.json").read_text()) == {}
    assert dlp("mkdir", "made").returncode == 0
    assert dlp("ls").stdout.splitlines() == [str(here), ".dataloop/", "made/"]
    assert dlp("pwd").stdout.strip() == str(here)
    assert dlp("cd", "..").stdout.strip() == str(here.parent)


def test_ctrl_c_while_following_a_log_is_quiet(stub: Stub, here: Path) -> None:
    state.check_out("service", {"id": "s1", "name": "svc", "projectId": "p1"})

    def script(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(200, {"id": "s1", "name": "svc", "projectId": "p1"})
        return Answer(200, {"logs": [{"message": "a line"}], "checkpoint": "c", "stop": False})

    stub.script = script
    command = [sys.executable, "-c", "from faas_agent.cli.dlp import main; main()", "services", "log", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "a line\n"
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=20)
    assert following.returncode == 130
    assert said.count("\n") <= 1
    assert "Traceback" not in said
