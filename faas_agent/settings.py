"""Every setting of the server, its unit, its default and why. The one place that reads ``FAAS_*`` from the environment.

Enters: the environment and the flags of ``faas up``. Leaves: one frozen ``Settings``, handed to whoever needs it.
Nothing else in the project reads the server's environment variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from faas_agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. Each field may be set as ``FAAS_<NAME>``; flags win over the environment."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default: a laptop is not a server until somebody says so."""
    port: int = 8484
    """Port of the API; 0 takes a free one, which ``ready`` then names."""
    data_dir: Path = Path("data")
    """Everything that outlives the process: database, bytes, environments, credentials."""
    database_url: str = field(default="", repr=False)
    """``postgresql://user:password@host:port/database`` for the records. Empty: SQLite in the data directory."""
    cache_dir: Path = Path()
    """Code environments; platforms of one user may share it. Empty: ``cache`` in the data directory."""
    public_url: str = ""
    """What clients and replicas use to reach the API, without a final slash. Empty: derived from host and port."""
    driver: str = "process"
    """Where replicas live."""
    admin_email: str = "admin@faas.local"
    admin_password: str = ""
    """Of the first start only. Empty: generated, and written to ``credentials.json`` (0600) in the data directory."""
    token_seconds: int = 24 * 3600
    """Life of an access token. A day: the SDK renews it by itself where it has a refresh token."""
    refresh_seconds: int = 30 * 24 * 3600
    """Life of a refresh token."""
    lease_seconds: float = 30.0
    """How long a claimed execution belongs to its agent without a sign of life."""
    heartbeat_seconds: float = 5.0
    """How often an agent renews its leases; a sixth of the lease, so that four may be lost."""
    reconcile_seconds: float = 2.0
    """The longest time between two looks at every service; events only shorten it."""
    sweep_seconds: float = 5.0
    """How often expired leases and lost wake-ups are looked for."""
    stop_grace_seconds: float = 5.0
    """On shutdown of the whole platform: how long replicas may finish before they are cut and their work requeued."""
    upload_limit_bytes: int = 10 * 1024**3
    """Largest item."""
    json_limit_bytes: int = 16 * 1024**2
    """Largest JSON body."""
    output_limit_bytes: int = 4_000_000
    """Largest output of an execution (ENDPOINTS 16: 4.0MB)."""
    codebase_limit_bytes: int = 2 * 1024**3
    """Largest codebase, unpacked."""
    max_replicas: int = 4
    """Replicas of one service on this machine, whatever its autoscaler allows."""
    sdk_version: str = "1.126.5"
    """dtlpy for functions that need it and whose service names no version."""

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, **flags: object) -> Settings:
        """The environment, then the flags that are not None. Raises UsageError for a value of the wrong type."""
        found: dict[str, object] = {}
        for known in fields(cls):
            text = environ.get("FAAS_" + known.name.upper())
            if text:
                found[known.name] = _parse(known.name, text, type(known.default))
        found.update({name: value for name, value in flags.items() if value is not None})
        return replace(cls(), **found)  # type: ignore[arg-type]  # of the type of each default, just above


def _parse(name: str, text: str, kind: type) -> object:
    try:
        return (
            Path(text)
            if issubclass(kind, Path)
            else int(text)
            if kind is int
            else float(text)
            if kind is float
            else text
        )
    except ValueError:
        raise UsageError(f"FAAS_{name.upper()} must be a number ({kind.__name__}), not {text!r}") from None
