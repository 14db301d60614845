"""``faas up``: all roles in one process group. The one place where ports, control plane and settings are put together.

Starts: lock, socket, store, loops, HTTP. Stops in the order that loses nothing: no new work, replicas drained while
the API still hears their reports, then HTTP, then the store. Raises UsageError before anything is changed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import uvicorn

from faas_agent.control import first_start
from faas_agent.control.api.app import create_app
from faas_agent.control.loops import Loops
from faas_agent.control.platform import Platform
from faas_agent.errors import UsageError
from faas_agent.model.ids import ObjectIds
from faas_agent.model.times import to_wire
from faas_agent.ports.blobs.folder import FolderBlobs
from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.cluster.processes import ProcessCluster
from faas_agent.ports.store.store import open_store
from faas_agent.ports.telemetry import logs
from faas_agent.settings import Settings

HTTP_STOP_SECONDS = 3


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    if settings.driver != "process":
        raise UsageError(f"the driver {settings.driver!r} is not known here: use 'process'")
    wanted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: wanted.set())
    logs.configure()
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(settings.host, settings.port))
        stack.enter_context(_locked(settings.data_dir))
        platform = _platform(settings, listener, stack)
        cluster = ProcessCluster(settings.data_dir / "replicas", _agent_command(settings))
        loops = Loops(platform, cluster)
        server = _serve(platform, listener, stack)
        loops.start()
        print(f"ready {platform.base_url}", flush=True)
        while not wanted.wait(0.5) and server.is_alive():
            continue
        loops.stop(settings.stop_grace_seconds)
        return 0 if wanted.is_set() else 1


def _platform(settings: Settings, listener: socket.socket, stack: ExitStack) -> Platform:
    data = settings.data_dir
    store = open_store(settings.database_url or data / "faas.db")
    stack.callback(store.close)
    ids = ObjectIds(os.urandom(5))
    now = time.time()
    with store.write() as session:
        password = first_start.ensure(session, settings, to_wire(now), ids.new(now))
        if password is not None:
            first_start.write_credentials(data, settings.admin_email, password)
    port = listener.getsockname()[1]
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    return Platform(
        settings=settings,
        store=store,
        blobs=FolderBlobs(data / "blobs"),
        broker=EmbeddedBroker(),
        signing_key=first_start.signing_key(data),
        base_url=settings.public_url.rstrip("/") or f"http://{host}:{port}",
        clock=time.time,
        ids=ids,
    )


def _agent_command(settings: Settings) -> list[str]:
    cache = settings.cache_dir if settings.cache_dir != Path() else settings.data_dir / "cache"
    return [sys.executable, "-P", "-m", "faas_agent.pod.agent", "--cache", str(cache.resolve())]


def _serve(platform: Platform, listener: socket.socket, stack: ExitStack) -> threading.Thread:
    config = uvicorn.Config(
        create_app(platform),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=HTTP_STOP_SECONDS,
        ws="websockets-sansio",
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(HTTP_STOP_SECONDS + 2)

    stack.callback(stop)
    while thread.is_alive() and not server.started:
        time.sleep(0.005)
    return thread


@contextmanager
def _locked(data_dir: Path) -> Iterator[IO[str]]:
    """This data directory is ours alone until the block ends."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds keys and secrets
        file = (data_dir / "lock").open("a+")
    except OSError as error:
        raise UsageError(f"the data directory {data_dir} cannot be used: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another one"
            raise UsageError(
                f"the data directory {data_dir} is in use by process {holder}: stop it or choose another --data-dir"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= 65535:
        raise UsageError(f"--port must be between 0 and 65535, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP, or asyncio would not switch off Nagle and every answer would wait 40 ms for an acknowledgement
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1024)
        except OSError as error:
            raise UsageError(
                f"cannot listen on {host}:{port}: {error.strerror}. "
                "Stop what listens there, or choose another --port (0 takes a free one)"
            ) from None
        yield listener
