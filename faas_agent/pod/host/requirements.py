"""What a codebase asks to have installed. Enters: its ``requirements.txt`` and the package's own ``requirements``.
Leaves: flat lists of checked lines in the installer's syntax, or StartFailed(install-failed) that names the line.

Anybody may have written these files, and the installer would obey options in them. So a line is a requirement, or one
of a few options about where to look; the rest is refused in words. Only files inside the codebase are read. Called by
``environment``. It never asks an index: whether a requirement exists is the installer's to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from faas_agent.errors import BadRequest, StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.specs.codebase import check_git_url

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAMED = re.compile(rf"(?P<name>{_NAME})\s*(?:\[[\w\s,.-]*\])?\s*(?:@\s*(?P<url>\S+)|(?:[(<>=!~][^;@]*)?)\s*(?:;.*)?")
_VERSION = re.compile(r"[A-Za-z0-9.!+*-]+")
_OPERATORS = ("==", ">", "<", "<=", ">=")
_OPTION = re.compile(r"(?P<name>--[a-z-]+|-[a-zA-Z])(?:\s*=\s*|\s+|(?<=^-\w))(?P<value>\S.*)?|(?P<flag>-\S*)")
_URL_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
_NAME_OPTIONS = ("--no-binary", "--only-binary")
_ADVICE = {
    "-e": "the folder of the code is importable as it is; take the line away and list what your setup.py requires",
    "--editable": "the folder of the code is importable as it is; list what your setup.py requires instead",
    "--pre": "name the pre-release itself, such as name==2.0rc1",
    "--trusted-host": "let the platform know the index's certificate (SSL_CERT_FILE)",
}
_INCLUDES_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Requirements:
    """Checked lines: what to install, which version if something else wants it, and where to look."""

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def names(self) -> frozenset[str]:
        """The normalised names of what is required; a bare URL has none."""
        return frozenset(name for line in self.requirements if (name := name_of(line)))


@dataclass(frozen=True, slots=True)
class _Line:
    """One logical line of a file, and how to name it to its author."""

    text: str
    where: str
    is_constraint: bool

    def refused(self, why: str) -> StartFailed:
        return refused(f"{self.where} ({mask(self.text)!r})", why)


def read(codebase: Path, package: Sequence[Mapping[str, Any]] = ()) -> Requirements:
    """Everything that the codebase and the package require. ``package``: ``[{name, version?, operator?}]``."""
    requirements: dict[str, None] = {}
    constraints: dict[str, None] = {}
    options: dict[str, None] = {}
    for line in _lines(codebase, codebase / "requirements.txt"):
        if line.text.startswith("-"):
            options |= dict.fromkeys(_checked_option(line))
        else:
            (constraints if line.is_constraint else requirements)[_checked_requirement(line, codebase)] = None
    own = _package_lines(package, lenient=(codebase / "requirements.txt").is_file())
    requirements |= dict.fromkeys(own)
    return Requirements(tuple(requirements), tuple(constraints), tuple(options))


def name_of(requirement: str) -> str | None:
    """``Foo_Bar[x]>=1`` -> ``foo-bar``; None for a bare URL."""
    match = _NAMED.fullmatch(requirement.partition(" --hash")[0])
    return re.sub(r"[-_.]+", "-", match["name"]).lower() if match else None


def mask(text: str) -> str:
    """The text without the user names, passwords and tokens in its URLs."""
    return re.sub(r"(?<=://)[^/\s@'\"]+@", "***@", text)


def refused(where: str, why: str) -> StartFailed:
    """The one way to say no to a line."""
    return StartFailed(Reason.INSTALL_FAILED, f"{where} cannot be used: {why}")


def _lines(codebase: Path, path: Path, is_constraint: bool = False, depth: int = 0) -> Iterator[_Line]:
    """The lines of a file, and in their place those of the files that it names by ``-r`` and ``-c``."""
    for number, text in _logical_lines(_text(codebase, path)):
        line = _Line(text, f"{path.relative_to(codebase)} line {number}", is_constraint)
        _refuse_hidden(line)
        option, value = _option(text)
        if option not in {"-r", "--requirement", "-c", "--constraint"}:
            yield line
            continue
        nested = (path.parent / value).resolve()
        if depth == _INCLUDES_AT_MOST:
            raise line.refused("these files include each other, or too many of each other")
        if not (nested.is_file() and nested.is_relative_to(codebase.resolve())):
            raise line.refused("it must name a file inside the codebase")
        place = codebase / nested.relative_to(codebase.resolve())
        yield from _lines(codebase, place, is_constraint or option.startswith(("-c", "--c")), depth + 1)


def _text(codebase: Path, path: Path) -> str:
    if not path.exists():
        return ""
    if not path.is_file() or not path.resolve().is_relative_to(codebase.resolve()) or path.stat().st_size > 1024**2:
        raise refused(path.name, "it must be a file inside the codebase, of 1 MiB at most")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(path.name, "it is not UTF-8 text; save it again as UTF-8") from None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments and blanks, those that end in a backslash joined."""
    first, joined = 1, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first if joined else number
        code = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if code.endswith("\\"):
            joined += code[:-1] + " "
        else:
            whole, joined = (joined + code).strip(), ""
            if whole:
                yield first, whole


def _refuse_hidden(line: _Line) -> None:
    if re.search(r"\$\{\w+\}", line.text):
        raise line.refused("variables are not filled in, so that no secret of the platform can leave with them")
    if any(not c.isprintable() and c != "\t" for c in line.text):
        raise line.refused("it contains control characters")


def _option(text: str) -> tuple[str, str]:
    """``--name=value``, ``--name value``, ``-nvalue`` -> its name and value; of a requirement, two empty texts."""
    match = _OPTION.fullmatch(text)
    if not match:
        return "", ""
    return match["name"] or match["flag"], (match["value"] or "").strip()


def _checked_option(line: _Line) -> Iterator[str]:
    option, value = _option(line.text)
    if option in _URL_OPTIONS:
        _check_url(value, line)
        yield f"{option} {value}"
    elif option in _NAME_OPTIONS and re.fullmatch(r"[\w.:,-]+", value):
        yield f"{option} {value}"
    elif option == "--no-index" and not value:
        yield option
    elif option != "--prefer-binary":  # which is how it is done anyway
        raise line.refused(_ADVICE.get(option, "this option is not allowed here; take it away"))


def _checked_requirement(line: _Line, codebase: Path) -> str:
    text, *hashes = re.split(r"\s+(?=--hash[=\s])", line.text)
    if not all(re.fullmatch(r"--hash[=\s]\s*\w+:[0-9a-f]+\s*", entry) for entry in hashes) or re.search(r"\s-", text):
        raise line.refused("write name==version, a URL or a wheel of the codebase; only --hash may follow")
    named = None if text.endswith(".whl") and "@" not in text else _NAMED.fullmatch(text)
    place = named["url"] if named else text.partition(" ;")[0].strip()
    if place and "://" in place:
        _check_url(place, line)
    elif place:
        text = text.replace(place, _wheel(place, line, codebase))
    return " ".join([text, *hashes])


def _wheel(place: str, line: _Line, codebase: Path) -> str:
    path = (codebase / place).resolve()
    if place.endswith(".whl") and path.is_file() and path.is_relative_to(codebase.resolve()):
        return path.as_uri()
    raise line.refused("it must be a package's name, a URL, or the path of a wheel inside the codebase")


def _check_url(url: str, line: _Line) -> None:
    """https and http as pip takes them; of version control only git, by the rules of git codebases."""
    if url.startswith("git+"):
        address = url.removeprefix("git+").partition("#")[0]
        try:
            check_git_url(re.sub(r"(?<=[^/])@[^/@:]+$", "", address))
        except BadRequest as error:
            raise line.refused(error.message.replace("codebase.gitUrl", "the address after git+")) from None
    elif " " in url or urlsplit(url).scheme not in {"https", "http"} or not urlsplit(url).hostname:
        raise line.refused("a URL must start with https:// or git+https://")


def _package_lines(package: Sequence[Mapping[str, Any]], *, lenient: bool) -> Iterator[str]:
    """The package's own list as lines.

    The SDK fills that list by a rough reading of ``requirements.txt`` (blank lines, markers and options come out as
    odd names). Where the file itself is there, it is the truth, and what cannot be used of the list says nothing.
    """
    for number, requirement in enumerate(package):
        try:
            yield _from_package(requirement, f"requirements[{number}] of the package")
        except StartFailed:
            if not lenient:
                raise


def _from_package(requirement: Mapping[str, Any], where: str) -> str:
    name, version, operator = (requirement.get(key) or "" for key in ("name", "version", "operator"))
    name, version = (value.strip() if isinstance(value, str) else value for value in (name, version))
    if not isinstance(name, str) or not re.fullmatch(_NAME + r"(?:\[[\w\s,.-]*\])?", name):
        raise refused(where, f"{name!r} is not the name of a package")
    if not version:
        return name
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise refused(where, f"{version!r} is not a version")
    if operator and operator not in _OPERATORS:
        raise refused(where, f"{operator!r} is none of the operators {' '.join(_OPERATORS)}")
    return f"{name}{operator or '=='}{version}"
