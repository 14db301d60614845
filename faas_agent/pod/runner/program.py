"""The runner's life: connect, load, say ready, serve calls until told to stop or the host is gone.

Enters: the path of the host's socket. Leaves: an exit code. The main thread imports and instantiates user code, then
reads the socket; user functions run in threads, on the event loop, or in forked children.
"""

from __future__ import annotations

import atexit
import os
import select
import socket
import sys
import threading
import time
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from . import binding, guest, load, sdk, service
from .call import Caller
from .capture import Capture
from .failures import StartError
from .forks import Forks
from .loop import LoopThread
from .outbox import Outbox
from .pool import Pool
from .wire import PROTOCOL, Decoder, Frame

Key = Tuple[str, int]
REAP_SECONDS = 0.2
"""A child whose own children keep its pipe open is noticed this late."""


class Runner:
    """One process that serves one service."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection = connect(path)
        self._decoder = Decoder()
        self.outbox = Outbox(self._connection)
        self.capture = Capture(self.outbox)
        self._running: Dict[Key, binding.Call] = {}
        self._leaving = False
        self._ending = threading.Lock()

    def live(self) -> NoReturn:
        """Until the end."""
        self.outbox.put({"type": "hello", "role": "runner", **_self_description()})
        start = self._first("start")
        try:
            self._load(start)
        except StartError as error:
            said = {"reason": error.reason, "message": error.message, "traceback": error.traceback}
            self.outbox.put({"type": "failed", **said})
            self._end(3)
        if not self._as_process:
            self.outbox.start()
        self.outbox.put({"type": "ready"})
        self._serve()
        self._end(0)

    def _first(self, kind: str) -> Frame:
        while True:
            for frame in self._receive():
                if frame["type"] == kind:
                    return frame

    def _load(self, start: Frame) -> None:
        self._as_process = bool(start.get("as_process"))
        self.capture.install()
        service.introduce(start.get("service") or {}, lambda: self.outbox.put({"type": "reset"}))
        guest.offer_public_names(service)
        if start.get("sdk"):
            sdk.log_in(start["sdk"], os.path.join(os.path.dirname(self._path), "dataloop"))
        begun = time.monotonic()
        if load.needs_sdk(start):
            load.import_sdk()
        module = load.import_entry_point(start["codebase"], start["entry_point"])
        service.extend_sdk()
        begun = self._phase("import", begun)
        loaded = load.Loaded(load.instance_of(module, start), start.get("functions") or [])
        self._phase("init", begun)
        binding.inherit_in_threads()
        self._prepare(Caller(loaded, start, self.outbox, self.capture), int(start.get("concurrency") or 1))

    def _prepare(self, caller: Caller, concurrency: int) -> None:
        self._caller = caller
        self._pool: Pool[binding.Call] = Pool(concurrency, self._run_in_thread)
        self._loop = LoopThread(self._run_in_loop)
        self._forks = Forks(self._run_in_child, self.outbox.put)

    def _phase(self, name: str, begun: float) -> float:
        now = time.monotonic()
        self.outbox.put({"type": "phase", "name": name, "seconds": round(now - begun, 6)})
        return now

    def _receive(self) -> List[Frame]:
        data = self._connection.recv(1 << 18)
        if not data:
            os._exit(0)  # the host is gone, and with it everybody who could want a result
        return self._decoder.feed(data)

    def _serve(self) -> None:
        while not self._leaving or self._running:
            if self._as_process:
                watched: List[Any] = [self._connection, *self._forks.descriptors()]
                readable = select.select(watched, [], [], REAP_SECONDS if self._running else None)[0]
                for call in self._forks.reap():
                    self._running.pop(call.key, None)
                if self._connection not in readable:
                    continue
            for frame in self._receive():
                self._handle(frame)

    def _handle(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "call":
            self._begin(binding.Call(frame))
        elif kind == "shutdown":
            self._leaving = True
            if not self._as_process and not self._running:
                self._end(0)
        elif kind in {"stop", "interrupt"}:
            _obey(frame, self._running.get((frame.get("execution", ""), frame.get("attempt", 0))))

    def _begin(self, call: binding.Call) -> None:
        self._running[call.key] = call
        if self._as_process:
            self._forks.submit(call)
        elif self._caller.is_async(call):
            self._loop.submit(call)
        else:
            self._pool.submit(call)

    def _run_in_thread(self, call: binding.Call) -> None:
        self._caller.run(call)
        self._over(call)

    async def _run_in_loop(self, call: binding.Call) -> None:
        await self._caller.run_async(call)
        self._over(call)

    def _over(self, call: binding.Call) -> None:
        self._running.pop(call.key, None)
        if self._leaving and not self._running:
            self._end(0)

    def _run_in_child(self, call: binding.Call) -> None:
        """A forked child's whole life: its main thread runs the function, another one hears its stop order."""
        guest.die_with_parent()
        self._connection.close()
        self._connection, self._decoder, self._running = connect(self._path), Decoder(), {call.key: call}
        self.outbox.reconnect(self._connection)
        ids = {"execution": call.execution, "attempt": call.attempt}
        self.outbox.put({"type": "hello", "role": "child", **ids, **_self_description()})
        self.outbox.start()
        threading.Thread(target=self._hear, name="runner-ears", daemon=True).start()
        if self._caller.is_async(call):
            import asyncio

            asyncio.run(self._caller.run_async(call))
        else:
            self._caller.run(call)
        self.outbox.flush()

    def _hear(self) -> None:
        while True:
            for frame in self._receive():
                if frame["type"] == "stop":
                    _obey(frame, self._running.get((frame.get("execution", ""), frame.get("attempt", 0))))

    def _end(self, code: int) -> NoReturn:
        """What user code registered with ``atexit`` still runs; its threads do not keep the process alive."""
        self._ending.acquire()  # by the first thread that comes here, for ever
        atexit._run_exitfuncs()
        self.capture.finish(None)
        self.outbox.flush()
        os._exit(code)


def _obey(frame: Frame, call: Optional[binding.Call]) -> None:
    if call is None:
        return  # it has just ended, or is another attempt's
    if frame["type"] == "stop":
        call.stop.give(frame.get("reason", "terminated"), frame.get("message", ""))
    else:
        call.interrupt()


def connect(path: str) -> socket.socket:
    """A stream to the host."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection


def _self_description() -> Frame:
    return {"protocol": PROTOCOL, "pid": os.getpid(), "python": ".".join(map(str, sys.version_info[:3]))}


def main(arguments: List[str]) -> NoReturn:
    """``runner --socket PATH``."""
    if len(arguments) != 2 or arguments[0] != "--socket":
        sys.exit("usage: runner --socket PATH")
    guest.die_with_parent()
    Runner(arguments[1]).live()
