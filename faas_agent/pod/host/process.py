"""One runner process: started, spoken with, and ended together with everything that it started.

Enters: a ``RunnerSpec`` and calls. Leaves: answers to the calls, log lines, and the news of its end. Does not replace
itself: that is the supervisor's.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod import runner as guest
from faas_agent.pod.host import oom
from faas_agent.pod.host.call import Events, Key, LogLine, RunnerSpec
from faas_agent.pod.host.link import Link
from faas_agent.pod.host.pipes import lines_of
from faas_agent.pod.host.running import Running
from faas_agent.pod.runner.wire import Frame, WireError

RUNNER_FOLDER = Path(guest.__file__).parent
LAST_WORDS_SECONDS = 1.0
"""How long after its end a process's connections may still hold frames that it sent before."""
FAREWELL_SECONDS = 1.0
"""For a runner without calls to end by itself."""
LAST_CHILD_WORDS_SECONDS = 0.1
"""The same for a child, whose ``done`` comes on another connection than the news of its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What a process tells its supervisor."""

    exited: Callable[[RunnerProcess], None]
    """It takes no more calls; its last words are still being read."""
    returned: Callable[[Running], None]
    """A call that it had and never began."""
    gone: Callable[[RunnerProcess], None]
    """Nothing of it is left."""
    reset: Callable[[RunnerProcess], None]
    """Its service asks for a fresh one."""


class RunnerProcess:
    """``start``, then ``send`` calls, then ``kill``."""

    def __init__(self, spec: RunnerSpec, events: Events, notices: Notices) -> None:
        self.running: dict[Key, Running] = {}
        self.given_up = False
        self.ended = False
        self._spec = spec
        self._events = events
        self._notices = notices
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._phase = Reason.IMPORT_FAILED
        self._link: Link | None = None
        self._children: dict[Key, Link] = {}
        self._connections: dict[Link, asyncio.Task[Any] | None] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._gone = asyncio.Event()
        self._cut: tuple[Reason, str] | None = None

    async def start(self) -> None:
        """Returns when calls may come. Raises StartFailed, with nothing left behind. Do not cancel it: ``kill``."""
        self._folder = Path(tempfile.mkdtemp(prefix="faas-runner-"))
        self._server = await asyncio.start_unix_server(self._accept, self._folder / "socket")
        try:
            self._process = await self._spawn()
        except OSError as error:
            await self._close()
            message = f"The interpreter {self._spec.python} cannot be run: {error.strerror}"
            raise StartFailed(Reason.INSTALL_FAILED, message) from None
        self._watch = asyncio.create_task(self._watch_until_gone(self._process))
        if self._cut is not None:
            self._kill_group()
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), self._spec.start_seconds)
        except TimeoutError:
            await self.kill()
            raise StartFailed(Reason.START_TIMEOUT, self._too_slow()) from None
        except StartFailed:
            await self.kill()
            raise

    def send(self, running: Running) -> None:
        """Only when it is ready and has a free slot."""
        self.running[running.call.key] = running
        running.sent(self)
        self._say(running.frame())

    def send_stop(self, running: Running, reason: Reason, message: str) -> None:
        """To the child that runs it, where there is one; one that has not said hello yet hears it then."""
        key = running.call.key
        frame: Frame = {"type": "stop", "execution": key.execution, "attempt": key.attempt}
        frame.update(reason=str(reason), message=message)
        if not self._spec.as_process:
            self._say(frame)
        elif key in self._children:
            self._children[key].send(frame)

    def send_interrupt(self, running: Running) -> None:
        key = running.call.key
        self._say({"type": "interrupt", "execution": key.execution, "attempt": key.attempt})

    def forget(self, running: Running) -> None:
        """Its call has ended."""
        self.running.pop(running.call.key, None)

    async def end(self) -> None:
        """Of its own accord, so that what user code registered with ``atexit`` runs; soon, or it is killed."""
        self._say({"type": "shutdown"})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), FAREWELL_SECONDS)
        await self.kill()

    async def kill(self, reason: Reason = Reason.RUNNER_CRASH, message: str = "") -> None:
        """The process, all that it started, and every trace on disk. Calls that it still has are lost, uncharged."""
        self._cut = self._cut or (reason, message)
        self._kill_group()
        await self._gone.wait()

    def _kill_group(self) -> None:
        if self._process is not None:  # also after its end: what it started is of its group
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(self._spec.python),
            "-X",
            "faulthandler",
            str(RUNNER_FOLDER),
            "--socket",
            str(self._folder / "socket"),
            cwd=self._folder,
            env=dict(self._spec.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _watch_until_gone(self, process: asyncio.subprocess.Process) -> None:
        """The only place where a process's end is noticed."""
        assert process.stdout is not None and process.stderr is not None  # noqa: S101 - both are pipes
        reading = [
            asyncio.create_task(self._read(process.stdout, "INFO")),
            asyncio.create_task(self._read(process.stderr, "WARNING")),
        ]
        self._oom_file = oom.events_file(process.pid)
        self._oom_kills = oom.kills(self._oom_file)
        code = await process.wait()
        self.ended = True
        self._notices.exited(self)
        self._kill_group()  # what it started and left behind
        connections = [task for task in self._connections.values() if task is not None]
        await asyncio.wait([*reading, *connections], timeout=LAST_WORDS_SECONDS)
        for task in reading:
            task.cancel()
        self._bury(code)
        await self._close()

    async def _close(self) -> None:
        self._server.close()
        for link in list(self._connections):
            link.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        self._gone.set()
        self._notices.gone(self)

    def _bury(self, code: int) -> None:
        reason, message = self._cause(code)
        if not self._ready.done():
            self._ready.set_exception(StartFailed(self._phase, f"{message} during {self._step()}"))
            self._ready.exception()
        for running in list(self.running.values()):
            if running.give_back():
                self.forget(running)
                self._notices.returned(running)
            else:
                running.lose(reason, message, charged=self._cut is None)

    def _cause(self, code: int) -> tuple[Reason, str]:
        if self._cut is not None:
            return self._cut
        now = oom.kills(self._oom_file)
        if code == -signal.SIGKILL and now is not None and now > (self._oom_kills or 0):
            return Reason.OOM, "The runner was ended by the kernel: the replica used more memory than it has"
        return Reason.RUNNER_CRASH, f"The runner process {_how(code)}"

    def _step(self) -> str:
        return "import" if self._phase is Reason.IMPORT_FAILED else "__init__"

    def _too_slow(self) -> str:
        return f"{self._step()} did not end within {self._spec.start_seconds:g} seconds"

    async def _read(self, pipe: asyncio.StreamReader, level: str) -> None:
        async for texts, at in lines_of(pipe):
            self._events.logs([LogLine(at, level, text) for text in texts])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer)
        self._connections[link] = asyncio.current_task()
        try:
            with contextlib.suppress(WireError):
                async for frame in link.frames():
                    self._hear(link, frame)
        finally:
            link.close()
            del self._connections[link]
            for key in [key for key, child in self._children.items() if child is link]:
                del self._children[key]

    def _say(self, frame: Frame) -> None:
        if self._link is not None:
            self._link.send(frame)

    def _hear(self, link: Link, frame: Frame) -> None:
        kind = frame["type"]
        if kind in _ABOUT_CALLS:
            running = self.running.get(Key(frame["execution"], frame["attempt"]))
            if running is not None:
                self._hear_about(running, kind, frame)
        elif kind == "hello":
            self._greet(link, frame)
        elif kind == "logs":
            self._events.logs([_line(line) for line in frame["lines"]])
        elif kind == "phase":
            self._phase = Reason.INIT_FAILED
            self._events.phase(frame["name"], frame["seconds"])
        elif kind == "ready" and not self._ready.done():
            self._ready.set_result(None)
        elif kind == "failed" and not self._ready.done():
            reason = Reason(frame["reason"])
            self._ready.set_exception(StartFailed(reason, frame["message"], frame.get("traceback", "")))
        elif kind == "reset":
            self._notices.reset(self)

    def _greet(self, link: Link, frame: Frame) -> None:
        if frame["role"] == "runner":
            self._link = link
            link.send(self._start_frame())
            return
        key = Key(frame["execution"], frame["attempt"])
        running = self.running.get(key)
        if running is not None:
            self._children[key] = link
            if running.reason is not None:
                running.ask(running.reason)

    def _hear_about(self, running: Running, kind: str, frame: Frame) -> None:
        if kind == "started":
            running.started_at = frame["at"]
            self._events.started(running.call.key, frame["at"])
        elif kind == "progress":
            said = {name: value for name, value in frame.items() if name not in {"type", "execution", "attempt"}}
            self._events.progress(running.call.key, said)
        elif kind == "done":
            running.answer(frame)
        elif kind == "exited":
            message = f"The function's process {_how(-frame['signal'] if 'signal' in frame else frame['code'])}"
            lose = functools.partial(running.lose, Reason.RUNNER_CRASH, message, charged=True)
            asyncio.get_running_loop().call_later(LAST_CHILD_WORDS_SECONDS, lose)

    def _start_frame(self) -> Frame:
        spec = self._spec
        names = ("class_name", "concurrency", "as_process", "output_limit", "entry_point")
        plain: dict[str, Any] = {name: getattr(spec, name) for name in names}
        parts = {"init_params": spec.init_params, "sdk": spec.sdk, "service": spec.service, "package": spec.package}
        objects = {name: dict(value) for name, value in {**parts, "project": spec.project}.items() if value is not None}
        lists = {"init_inputs": [*spec.init_inputs], "functions": [*spec.functions]}
        return {"type": "start", "codebase": str(spec.codebase), **plain, **objects, **lists}


_ABOUT_CALLS = frozenset({"started", "progress", "done", "exited"})


def _how(code: int) -> str:
    return f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"


def _line(line: Frame) -> LogLine:
    ids = line.get("execution"), line.get("attempt"), line.get("function")
    return LogLine(line["at"], line["level"], line["message"], *ids)
