"""``dlp``: the user's commands. The table of all of them; each is imported when it is used, so that help is quick.

Enters: a command line. Leaves: an exit code and, for a failure, one line on stderr. ``faas`` mounts the same table.
Must never import HTTP, rich or a command at the top.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, cast

import typer

from faas_agent.errors import FaasError

COMMANDS: dict[str, tuple[str, str]] = {
    "login-m2m": ("logins", "Log in with e-mail and password"),
    "login-secret": ("logins", "Log in with e-mail and password"),
    "login-token": ("logins", "Log in with a token"),
    "logout": ("logins", "Log out"),
    "api": ("api", "Connection and environment"),
    "init": ("folder", "Make a .dataloop folder here"),
    "checkout-state": ("folder", "Show what is checked out here"),
    "projects": ("projects", "Operations with projects"),
    "datasets": ("datasets", "Operations with datasets"),
    "items": ("items", "Operations with items"),
    "packages": ("packages", "Operations with packages"),
    "services": ("services", "Operations with services"),
    "triggers": ("triggers", "Operations with triggers"),
    "deploy": ("deploy", "Deploy a package and its services from a JSON file"),
    "generate": ("generate", "Write the files of a new package here"),
    "ls": ("folder", "List this folder"),
    "pwd": ("folder", "Show the current folder"),
    "cd": ("folder", "Show where a folder is"),
    "mkdir": ("folder", "Make a folder"),
    "clear": ("folder", "Clear the terminal"),
    "version": ("folder", "Show the version"),
}
"""Name -> module in ``commands`` and what it is for. The module holds it under the same name, with underscores."""


def mount(app: typer.Typer, arguments: Sequence[str], without: Collection[str] = ()) -> None:
    """Add the commands to an app. Only the one that ``arguments`` calls is imported; the others are there for help."""
    wanted = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, (module, help_text) in COMMANDS.items():
        if name in without:
            continue
        command = _load(module, name) if name == wanted else _not_loaded
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=help_text)
        else:
            app.command(name, help=help_text)(command)


def run(app: typer.Typer, arguments: Sequence[str], program: str) -> int:
    """Carry a command line out. Whatever goes wrong is one line on stderr and an exit code, never a traceback."""
    try:
        code = app(list(arguments), standalone_mode=False, prog_name=program)
    except (FaasError, typer.TyperException) as error:
        return _fail(program, _words(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _fail(program, "stopped", 130)
    except OSError as error:
        return _fail(program, f"{error.filename or 'input/output'}: {error.strerror or error}", 1)
    except Exception as error:
        if os.environ.get("FAAS_TRACEBACK"):
            raise
        return _fail(program, f"a fault of {program} itself, {error!r}; FAAS_TRACEBACK=1 shows where", 1)
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point."""
    arguments = sys.argv[1:]
    if arguments in ([], ["help"]):
        arguments = ["--help"]
    sys.exit(run(_app(arguments), arguments, "dlp"))


def _app(arguments: Sequence[str]) -> typer.Typer:
    # plain help: rich alone would double the time it takes
    settings = {"help_option_names": ["-h", "--help"]}
    app = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=settings)
    app.callback(invoke_without_command=True)(_root)
    app.command("help", help="Show this help")(_not_loaded)
    mount(app, arguments)
    return app


def _root(version: Annotated[bool, typer.Option("-v", "--version", help="Show the version")] = False) -> None:
    """Commands for a Function-as-a-Service platform."""
    if version:
        from faas_agent.cli.commands.folder import version as show

        show()
        raise typer.Exit


def _load(module: str, name: str) -> typer.Typer | Callable[..., None]:
    found = getattr(importlib.import_module(f"faas_agent.cli.commands.{module}"), name.replace("-", "_"))
    return cast("typer.Typer | Callable[..., None]", found)


def _not_loaded() -> None:
    """Stands in for a command that this command line does not call."""


def _words(error: FaasError | typer.TyperException) -> str:
    if isinstance(error, FaasError):
        return error.message
    context = getattr(error, "ctx", None)
    hint = f" See '{context.command_path} --help'." if context is not None else ""
    return error.format_message() + hint


def _fail(program: str, message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"{program}: {line}", file=sys.stderr)
    return code
