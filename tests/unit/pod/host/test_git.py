"""Real repositories, fetched by the real git: from a folder, and over HTTP from git's own server program."""

from __future__ import annotations

import base64
import http.server
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from faas_agent.errors import StartFailed
from faas_agent.pod.host.git import GitCredentials, fetch
from faas_agent.pod.host.staging import LIMITS, Limits

FILE = frozenset({"file"})
HTTP = frozenset({"http"})
WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *WHO, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """main: one, two; a tag v1 (annotated) and a branch feature/x at one."""
    folder = tmp_path / "served" / "repository"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "main.py", "version = 1\n")
    git(folder, "tag", "-a", "-m", "first", "v1")
    git(folder, "branch", "feature/x")
    commit(folder, "main.py", "version = 2\n")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "replica" / "code"


def refuse(url: str, ref: str | None, target: Path, reason: str, why: str, limits: Limits = LIMITS) -> None:
    with pytest.raises(StartFailed, match=why) as caught:
        fetch(url, ref, target, limits=limits, transports=FILE)
    assert caught.value.reason == reason
    assert not target.parent.exists() or list(target.parent.iterdir()) == [], "something half-fetched was left"


@pytest.mark.parametrize(
    ("ref", "version"), [(None, 2), ("main", 2), ("v1", 1), ("feature/x", 1), ("refs/tags/v1", 1), ("HEAD", 2)]
)
def test_a_tag_or_branch_is_fetched_and_resolved_to_its_commit(
    repository: Path, target: Path, ref: str | None, version: int
) -> None:
    commit = fetch(repository.as_uri(), ref, target, transports=FILE)
    assert commit == git(repository, "rev-parse", f"{ref or 'main'}^{{commit}}")
    assert (target / "main.py").read_text() == f"version = {version}\n"
    assert [path.name for path in target.iterdir()] == ["main.py"]
    assert [path.name for path in target.parent.iterdir()] == ["code"]


@pytest.mark.parametrize("length", [40, 10])
def test_a_commit_is_fetched_though_nothing_points_at_it(repository: Path, target: Path, length: int) -> None:
    wanted = git(repository, "rev-parse", "v1^{commit}")
    commit(repository, "main.py", "version = 3\n")
    assert fetch(repository.as_uri(), wanted[:length], target, transports=FILE) == wanted
    assert (target / "main.py").read_text() == "version = 1\n"


@pytest.mark.parametrize(
    ("ref", "why"),
    [("v9", "no tag, branch or commit 'v9'"), ("0" * 40, "no commit"), ("abcdef1", "no commit 'abcdef1'")],
)
def test_a_ref_that_is_not_there_is_named(repository: Path, target: Path, ref: str, why: str) -> None:
    refuse(repository.as_uri(), ref, target, "no-codebase", why)


def test_a_repository_that_is_not_there_is_named(tmp_path: Path, target: Path) -> None:
    refuse((tmp_path / "nowhere").as_uri(), None, target, "no-codebase", "cannot be fetched")


def test_a_repository_without_a_commit_is_named(tmp_path: Path, target: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    refuse((tmp_path / "empty").as_uri(), None, target, "no-codebase", "no commit yet")


@pytest.mark.parametrize("url", ["ext::sh -c 'touch pwned'", "--upload-pack=touch pwned", "-c", "/srv", "file:///srv"])
def test_a_url_that_could_do_something_else_is_refused_before_git_sees_it(target: Path, url: str) -> None:
    with pytest.raises(StartFailed, match=re.escape("codebase.gitUrl")) as caught:
        fetch(url, None, target)
    assert caught.value.reason == "bad-codebase"
    assert not target.parent.exists()


def test_a_ref_that_is_an_option_is_refused(repository: Path, target: Path) -> None:
    refuse(repository.as_uri(), "--upload-pack=touch pwned", target, "bad-codebase", "gitTag")


def test_a_repository_larger_than_allowed_is_refused(repository: Path, target: Path) -> None:
    (repository / "big").write_bytes(os.urandom(2_000_000))
    commit(repository, "main.py", "version = 3\n")
    refuse(repository.as_uri(), None, target, "bad-codebase", "larger than", Limits(total_bytes=1_000_000))


def test_a_host_that_never_answers_is_given_up(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/repository"
        with pytest.raises(StartFailed, match="could not be fetched within 1 seconds") as caught:
            fetch(url, None, target, limits=Limits(seconds=1), transports=HTTP)
    assert caught.value.reason == "no-codebase"
    assert list(target.parent.iterdir()) == []


def test_a_link_that_stays_inside_is_kept_and_one_that_leaves_is_refused(repository: Path, target: Path) -> None:
    (repository / "same.py").symlink_to("main.py")
    commit(repository, "a", "")
    fetch(repository.as_uri(), None, target, transports=FILE)
    assert (target / "same.py").read_text() == "version = 2\n"
    (repository / "passwd").symlink_to("/etc/passwd")
    commit(repository, "b", "")
    with pytest.raises(StartFailed, match="'passwd', a link to outside") as caught:
        fetch(repository.as_uri(), None, target.with_name("other"), transports=FILE)
    assert caught.value.reason == "bad-codebase"


def test_nothing_of_the_repository_or_of_the_machine_is_run(
    repository: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither hooks from a template or a global configuration, nor filters, nor submodules."""
    pwned, hooks, home = tmp_path / "pwned", tmp_path / "template" / "hooks", tmp_path / "home"
    hooks.mkdir(parents=True)
    home.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {pwned}\n")
    (hooks / "post-checkout").chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[core]\n\thooksPath = {hooks}\n[filter "f"]\n\tsmudge = touch {pwned}; cat\n'
        f"[init]\n\ttemplateDir = {hooks.parent}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    git(tmp_path, "-c", "core.hooksPath=/dev/null", "init", "-q", "part")
    commit_env_free = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.file.allow=always")
    (tmp_path / "part" / "x").touch()
    git(tmp_path / "part", *commit_env_free, "add", "-A")
    git(tmp_path / "part", *commit_env_free, "commit", "-q", "-m", "x")
    git(repository, *commit_env_free, "submodule", "add", "-q", (tmp_path / "part").as_uri(), "part")
    (repository / ".gitattributes").write_text("*.py filter=f\n")
    commit(repository, "new.py", "")
    pwned.unlink(missing_ok=True)
    fetch(repository.as_uri(), None, target, transports=FILE)
    assert (target / "new.py").is_file()
    assert not pwned.exists()
    assert list((target / "part").iterdir()) == []


class _GitServer(http.server.BaseHTTPRequestHandler):
    """Hands requests to ``git http-backend`` when they bear the right password."""

    root: Path

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _serve(self, body: bytes) -> None:
        expected = "Basic " + base64.b64encode(b"me:hunter2").decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
        }
        answer = subprocess.run(
            ["git", "http-backend"], input=body, env=environ, check=True, capture_output=True
        ).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def served(repository: Path) -> Iterator[str]:
    handler = type("Handler", (_GitServer,), {"root": repository.parent})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/repository"
        server.shutdown()
        thread.join()


def test_credentials_open_a_private_repository(served: str, target: Path) -> None:
    fetch(served, "v1", target, GitCredentials("me", "hunter2"), transports=HTTP)
    assert (target / "main.py").read_text() == "version = 1\n"


@pytest.mark.parametrize(
    ("credentials", "why"),
    [(None, "asks for credentials"), (GitCredentials("me", "wrong-pass"), "credentials were refused")],
)
def test_without_the_right_credentials_it_is_said_and_they_are_not(
    served: str, target: Path, credentials: GitCredentials | None, why: str
) -> None:
    with pytest.raises(StartFailed, match=why) as caught:
        fetch(served, "v1", target, credentials, transports=HTTP)
    assert caught.value.reason == "no-codebase"
    assert "wrong-pass" not in caught.value.message
    assert "wrong-pass" not in repr(credentials)


def test_credentials_never_stand_in_the_arguments_of_git(
    served: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    start = subprocess.Popen

    def watch(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        commands.append(" ".join(command))
        return start(command, **options)  # type: ignore[call-overload,no-any-return]

    with monkeypatch.context() as patched:
        patched.setattr("faas_agent.pod.host.git.subprocess.Popen", watch)
        fetch(served, None, target, GitCredentials("me", "hunter2"), transports=HTTP)
    assert commands
    assert not [command for command in commands if "hunter2" in command]


def test_a_password_with_a_line_break_cannot_say_more_to_git(target: Path) -> None:
    with pytest.raises(StartFailed, match="line break"):
        fetch("https://example.org/a", None, target, GitCredentials("me", "a\nhost=evil"))
