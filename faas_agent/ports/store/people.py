"""Who belongs where, and how they log in: roles in projects and in organisations, and password hashes.

Called by the API inside a transaction. Decides nothing: which role may do what is ``control/api/access.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, select, update

from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import MEMBERS, ORG_MEMBERS, PASSWORDS, USERS


@dataclass(frozen=True, slots=True)
class People:
    """The people of one kind of place: each has one role in each place they belong to."""

    table: Table
    place: ColumnElement[str]

    def role(self, session: Session, place: str, email: str) -> str | None:
        """Somebody's role there; None when they do not belong to it."""
        return session.connection.scalar(select(self.table.c.role).where(self._is(place, email)))

    def places(self, session: Session, email: str, role: str | None = None) -> list[str]:
        """Where somebody belongs, in any role or in that one."""
        mine = self.table.c.email == email
        wanted = mine if role is None else and_(mine, self.table.c.role == role)
        return list(session.connection.scalars(select(self.place).where(wanted)))

    def count(self, session: Session, place: str, role: str) -> int:
        """How many there have that role."""
        where = and_(self.place == place, self.table.c.role == role)
        return session.connection.scalar(select(func.count()).select_from(self.table).where(where)) or 0

    def users(self, session: Session, places: Collection[str]) -> dict[str, list[Document]]:
        """The users of each place by e-mail, with their role in it."""
        users, found = USERS.table, {place: list[Document]() for place in places}
        statement = select(self.place, self.table.c.role, users.c.doc).join(users, users.c.email == self.table.c.email)
        wanted = statement.where(self.place.in_(list(places))).order_by(self.table.c.email)
        for place, role, doc in session.connection.execute(wanted):
            found[place].append(doc | {"role": role})
        return found

    def add(self, session: Session, place: str, email: str, role: str) -> None:
        """Somebody who does not belong there yet."""
        row = {self.place.key: place, "email": email, "role": role}
        session.connection.execute(insert(self.table).values(row))

    def change(self, session: Session, place: str, email: str, role: str) -> None:
        """Another role for somebody who belongs there."""
        session.connection.execute(update(self.table).where(self._is(place, email)).values(role=role))

    def remove(self, session: Session, place: str, email: str) -> None:
        """Somebody out of one place."""
        session.connection.execute(delete(self.table).where(self._is(place, email)))

    def remove_everywhere(self, session: Session, email: str) -> None:
        """Somebody out of every place."""
        session.connection.execute(delete(self.table).where(self.table.c.email == email))

    def remove_place(self, session: Session, place: str) -> None:
        """Everybody out of a place that goes."""
        session.connection.execute(delete(self.table).where(self.place == place))

    def _is(self, place: str, email: str) -> ColumnElement[bool]:
        return and_(self.place == place, self.table.c.email == email)


OF_PROJECTS = People(MEMBERS, MEMBERS.c.project_id)
OF_ORGS = People(ORG_MEMBERS, ORG_MEMBERS.c.org_id)


def password_hash(session: Session, email: str) -> str | None:
    """The hash to compare with; None for who cannot log in."""
    return session.connection.scalar(select(PASSWORDS.c.hash).where(PASSWORDS.c.email == email))


def set_password_hash(session: Session, email: str, kept: str) -> None:
    """In place of any before."""
    forget_password(session, email)
    session.connection.execute(insert(PASSWORDS).values(email=email, hash=kept))


def forget_password(session: Session, email: str) -> None:
    """Nobody logs in as them any more."""
    session.connection.execute(delete(PASSWORDS).where(PASSWORDS.c.email == email))
