"""One transaction on the store, handed down to whatever reads or writes in it; never kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from faas_agent.ports.store.documents import Documents, DocumentTable


@dataclass(slots=True)
class Session:
    """A transaction that is open."""

    connection: Connection
    hooks: list[Callable[[], object]] = field(default_factory=list)

    def documents(self, table: DocumentTable) -> Documents:
        """The documents of one table, in this transaction."""
        return Documents(self.connection, table)

    def after_commit(self, hook: Callable[[], object]) -> None:
        """Call ``hook`` once when this transaction is committed; not at all when it is rolled back."""
        self.hooks.append(hook)
