"""One transaction on the store, handed down to whatever reads or writes in it; never kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from faas_agent.ports.store.documents import Documents, DocumentTable

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || :what, 0))")


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

    @property
    def one_writer(self) -> bool:
        """Whether no other transaction can write while this one does, whatever it is: so it is in SQLite."""
        return self.connection.dialect.name == "sqlite"

    def take_turn(self, what: str) -> None:
        """From here to the end of the transaction nobody else is past this line for the same ``what``."""
        if not self.one_writer:
            self.connection.execute(_TURN, {"what": what})
