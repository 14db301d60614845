"""Fetches a codebase from a git repository. Enters: a URL and a ref that anybody may have written. Leaves: a folder
without ``.git``, and the commit it is; or StartFailed.

Runs the git command line with every way to run something else shut: only the named transports, no hooks, no
submodules, no configuration but ours, no questions asked. Credentials travel in the environment of git, never in the
URL, the arguments or a message. Called by ``codebase``; blocks, so from a thread.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from faas_agent.errors import BadRequest, StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.specs.codebase import GIT_TRANSPORTS, check_git_ref, git_remote
from faas_agent.pod.host.staging import LIMITS, Limits, staged

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
_KEPT = ("PATH", "TMPDIR", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$FAAS_GIT_USER" "$FAAS_GIT_SECRET"; }; f'


@dataclass(frozen=True, slots=True)
class GitCredentials:
    """What git answers when the repository's host asks who is there."""

    username: str
    password: str = field(repr=False)


def fetch(
    url: str,
    ref: str | None,
    target: Path,
    credentials: GitCredentials | None = None,
    *,
    limits: Limits = LIMITS,
    transports: Collection[str] = GIT_TRANSPORTS,
) -> str:
    """Puts the files of a tag, branch or commit (None: the default branch) into ``target``; the commit that it was.

    Raises StartFailed: ``bad-codebase`` for what is refused, ``no-codebase`` for what cannot be reached or found.
    """
    remote = _checked(url, ref, transports)
    if credentials and ("\n" in credentials.username + credentials.password):
        raise StartFailed(Reason.BAD_CODEBASE, "the git user name or password contains a line break; store it again")
    with staged(target) as folder, tempfile.TemporaryDirectory(dir=target.parent, prefix=".git-") as home:
        git = _Git(remote, folder, _environment(Path(home), credentials, transports), limits, bool(credentials))
        git.run("init", "--quiet", "--template=")
        commit = git.fetch_commit(ref)
        git.run("checkout", "--quiet", "--detach", commit)
        shutil.rmtree(folder / ".git")
        _refuse_links_outwards(folder)
        return commit


def _checked(url: str, ref: str | None, transports: Collection[str]) -> str:
    try:
        if ref is not None:
            check_git_ref(ref)
        return git_remote(url, transports)
    except BadRequest as error:
        raise StartFailed(Reason.BAD_CODEBASE, error.message) from None


@dataclass(slots=True)
class _Git:
    """One repository in the making: its remote, its folder, and the time and space it has left."""

    remote: str
    folder: Path
    environment: Mapping[str, str]
    limits: Limits
    with_credentials: bool
    started: float = field(default_factory=time.monotonic)

    def fetch_commit(self, ref: str | None) -> str:
        """Fetches as little as the remote lets us, and resolves it to a commit."""
        name = self._remote_name(ref)
        if name:
            self.run(*_FETCH, "--depth=1", "--", self.remote, f"+{name}:refs/codebase")
            return self.run("rev-parse", "--verify", "--quiet", "refs/codebase^{commit}").strip()
        if ref is None or not _COMMIT.fullmatch(ref):
            what = f"no tag, branch or commit {ref!r}" if ref else "no commit yet"
            raise StartFailed(Reason.NO_CODEBASE, f"{self.remote} has {what}; correct codebase.gitTag and push again")
        return self._fetch_by_hash(ref)

    def _remote_name(self, ref: str | None) -> str | None:
        wanted = [f"refs/heads/{ref}", f"refs/tags/{ref}", ref] if ref else ["HEAD"]
        lines = self.run("ls-remote", "--", self.remote, *wanted).splitlines()
        there = {line.partition("\t")[2] for line in lines}
        return next((name for name in wanted if name in there), None)

    def _fetch_by_hash(self, commit: str) -> str:
        """A remote may refuse to hand out a single commit; then all branches and tags are fetched and searched."""
        try:
            if len(commit) >= 40:
                self.run(*_FETCH, "--depth=1", "--", self.remote, f"+{commit}:refs/codebase")
                return commit
        except StartFailed as error:
            if error.reason == Reason.BAD_CODEBASE:
                raise
        self.run(*_FETCH, "--", self.remote, "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*")
        try:
            return self.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").strip()
        except StartFailed:
            message = f"{self.remote} has no commit {commit!r} in any branch or tag; correct codebase.gitTag"
            raise StartFailed(Reason.NO_CODEBASE, message) from None

    def run(self, *arguments: str) -> str:
        """Runs git in the folder to its end, or to the end of its time or space."""
        command = ["git", *_settings(self.remote, self.with_credentials), *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = _start(command, self.folder, self.environment, out.fileno(), err.fileno())
            try:
                self._watch(process)
            finally:
                _end(process)
            out.seek(0)
            err.seek(0)
            if process.returncode:
                raise StartFailed(Reason.NO_CODEBASE, _explain(self.remote, err.read(65536), self.with_credentials))
            return out.read(1024 * 1024).decode(errors="replace")

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            over = process.poll() is not None
            if _size(self.folder) > self.limits.total_bytes:
                message = f"{self.remote} is larger than the {self.limits.total_bytes} bytes allowed for a codebase"
                raise StartFailed(Reason.BAD_CODEBASE, message)
            if over:
                return
            if time.monotonic() - self.started > self.limits.seconds:
                message = f"{self.remote} could not be fetched within {self.limits.seconds:.0f} seconds"
                raise StartFailed(Reason.NO_CODEBASE, message + "; is it too large or too slow?")
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue


def _settings(remote: str, with_credentials: bool) -> Sequence[str]:
    """Everything that could make git run a command, or answer another host than the one named, turned off."""
    settings = {
        "core.hooksPath": os.devnull,
        "core.fsmonitor": "false",
        "core.askPass": "",
        "credential.helper": "",
        "submodule.recurse": "false",
        "gc.auto": "0",
    }
    parts = urlsplit(remote)
    if with_credentials and parts.netloc:
        settings[f"credential.{parts.scheme}://{parts.netloc}.helper"] = _HELPER
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _environment(home: Path, credentials: GitCredentials | None, transports: Collection[str]) -> dict[str, str]:
    """Nothing of ours but the way to the network. A home of its own keeps ~/.netrc and ~/.gitconfig out of it."""
    kept = (*_KEPT, *_PROXIES, *(name.upper() for name in _PROXIES))
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ALLOW_PROTOCOL": ":".join(sorted(transports)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
    if credentials:
        environment |= {"FAAS_GIT_USER": credentials.username, "FAAS_GIT_SECRET": credentials.password}
    return environment


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], out: int, err: int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, process_group=0
        )
    except FileNotFoundError:
        raise StartFailed(Reason.NO_CODEBASE, "git is not installed where the replicas run; install it") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends git and whatever it started."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()


def _explain(remote: str, stderr: bytes, with_credentials: bool) -> str:
    """One sentence of git's many lines."""
    text = stderr.decode(errors="replace")
    if re.search(r"Authentication failed|could not read (Username|Password)|Permission denied|\b40[13]\b", text):
        advice = (
            "its credentials were refused" if with_credentials else "it asks for credentials (codebase.credentials)"
        )
        return f"{remote} cannot be fetched: {advice}"
    lines = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(("fatal:", "error:"))]
    return f"{remote} cannot be fetched: {lines[-1] if lines else 'git ended without saying why'}"[:500]


def _size(folder: Path) -> int:
    """Bytes in the folder; files may come and go while it is counted."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(root, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _refuse_links_outwards(folder: Path) -> None:
    """A link to somewhere else would let a repository show what only the agent may read."""
    inside = folder.resolve()
    for root, directories, names in os.walk(folder):
        for name in (*directories, *names):
            path = Path(root, name)
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                where = str(path.relative_to(folder))
                message = f"the repository holds {where!r}, a link to outside of it; remove it"
                raise StartFailed(Reason.BAD_CODEBASE, message)
