"""Was a process killed for its memory? The kernel counts such kills per control group.

Enters: a process id while it lives. Leaves: a count to compare later, or None where it cannot be read (no Linux, no
cgroup v2): then a kill is called a crash, never guessed.
"""

from __future__ import annotations

from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def events_file(pid: int) -> Path | None:
    """``memory.events`` of the process's control group."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    for line in groups.splitlines():
        if line.startswith("0::"):
            file = CGROUPS / line[3:].lstrip("/") / "memory.events"
            return file if file.is_file() else None
    return None


def kills(file: Path | None) -> int | None:
    """How often the kernel has ended a process in that group."""
    if file is None:
        return None
    try:
        counts = dict(line.split() for line in file.read_text().splitlines())
        return int(counts["oom_kill"])
    except (OSError, ValueError, KeyError):
        return None
