"""What every part of the control plane is handed: settings, ports, clock, ids, keys and the signals between stages.

Made once by ``faas up`` (or a role of it); frozen. It holds no state of its own: the store is the truth.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from faas_agent.model.ids import ObjectIds
from faas_agent.model.times import to_wire
from faas_agent.ports.blobs.protocol import Blobs
from faas_agent.ports.broker.protocol import Broker
from faas_agent.ports.store.store import Store
from faas_agent.settings import Settings


@dataclass(frozen=True, slots=True)
class Signals:
    """Hints that shorten a wait. A lost one costs a period of the loop that waits for it, never work."""

    outbox: threading.Event = field(default_factory=threading.Event)
    """Executions were created."""
    events: threading.Event = field(default_factory=threading.Event)
    """Something happened that triggers may care about."""
    schedules: threading.Event = field(default_factory=threading.Event)
    """A cron trigger is new, or has other times."""
    reconcile: threading.Event = field(default_factory=threading.Event)
    """A service, a replica or the amount of waiting work changed."""


@dataclass(frozen=True, slots=True)
class Platform:
    """The control plane's hands and senses."""

    settings: Settings
    store: Store
    blobs: Blobs
    broker: Broker
    signing_key: bytes
    """Signs tokens and seals secrets; 32 random bytes kept in the data directory (0600)."""
    base_url: str
    """``http://host:port`` as clients and replicas reach it."""
    clock: Callable[[], float]
    ids: ObjectIds
    signals: Signals = field(default_factory=Signals)

    def now(self) -> str:
        """The time as the wire writes it."""
        return to_wire(self.clock())

    def new_id(self) -> str:
        """A growing 24-digit id."""
        return self.ids.new(self.clock())

    @property
    def gate_url(self) -> str:
        """What the SDK calls the environment."""
        return self.base_url + "/api/v1"
