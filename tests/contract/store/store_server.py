"""A PostgreSQL server for tests: a throw-away cluster on a socket in a folder of its own.

Started from the binaries of the distribution, as a user who is not root, because PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

OWNERS = ("postgres", "nobody")
OPTIONS = "-c fsync=off -c full_page_writes=off -c max_connections=200 -c listen_addresses=''"


class Server:
    """One cluster. The folder is as short as a socket's path has to be."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._owner = _owner()
        self._folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        if self._owner is not None:
            shutil.chown(self._folder, self._owner)
        locale = ["--locale-provider=icu", "--icu-locale=en-US"] if self._major() >= 15 else []
        self._run("initdb", "--auth=trust", "--username=faas", "--encoding=UTF8", "--no-sync", *locale)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://faas@/postgres?host={self._folder}"

    def start(self) -> None:
        """Until it answers."""
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", f"{OPTIONS} -k {self._folder}")

    def stop(self) -> None:
        """As in a restart: every connection ends."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "fast")

    def remove(self) -> None:
        """Nothing is left of it."""
        self.stop()
        shutil.rmtree(self._folder)

    def _major(self) -> int:
        said = subprocess.run([self._binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        return int(said.stdout.split()[2].split(".")[0])

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "--pgdata", str(self._folder / "data"), *arguments]
        as_owner = {} if self._owner is None else {"user": self._owner, "group": pwd.getpwnam(self._owner).pw_gid}
        with (self._folder / "output").open("a+") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False,
                extra_groups=[] if as_owner else None, **as_owner,
            )  # fmt: skip
            output.seek(0)
            assert done.returncode == 0, output.read()


def find_binaries() -> Path | None:
    """Where the server's programs are, if they are anywhere."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    homes = [home for home in Path("/usr/lib/postgresql").glob("*/bin") if (home / "initdb").exists()]
    return max(homes, key=lambda home: int(home.parent.name), default=None)


def _owner() -> str | None:
    """Somebody else when we are root."""
    if os.geteuid():
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return next(name for name in OWNERS if name in known)
