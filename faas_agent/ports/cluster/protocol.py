"""The port for replicas: what the controller may ask of the place where they live. Never blocks for long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ReplicaSpec:
    """What a place needs to start one replica. ``token`` is for its agent alone and is never written down."""

    id: str
    service_id: str
    service_version: str
    api_url: str
    token: str = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """One replica as the place sees it."""

    id: str
    service_id: str
    service_version: str
    alive: bool
    api_url: str
    """Where it looks for the platform."""
    exit_code: int | None = None
    last_words: str = ""
    """The end of what the agent of an ended replica wrote, for the platform's log."""


class Cluster(Protocol):
    """Start, stop and list replicas."""

    def start(self, spec: ReplicaSpec) -> None:
        """Start a replica; returns when the place has taken it, not when it is ready."""

    def drain(self, replica_id: str) -> None:
        """Ask a replica to finish and end (SIGTERM). One that is gone is no error."""

    def kill(self, replica_id: str) -> None:
        """End a replica now, with everything it started."""

    def observe(self) -> Sequence[Observed]:
        """Every replica of ours, the ended ones too until they are forgotten."""

    def forget(self, replica_id: str) -> None:
        """Remove what is left of a replica that has ended."""
