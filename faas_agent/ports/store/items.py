"""What items need of the store beyond documents: where their bytes are, what a dataset holds, what is below a folder.

Called by the API's handlers of datasets and items, inside a transaction. Decides nothing about who may do what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, delete, func, insert, select

from faas_agent.model.specs.dataset import Counts
from faas_agent.ports.store.documents import Document, Documents
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ANNOTATIONS, DATASETS, ITEM_BYTES, ITEMS

_CHUNK = 500
"""Ids in one statement; a database takes a few thousand parameters at most."""


def items_of(session: Session) -> Documents:
    """Items, and the join to their annotations."""
    return Documents(session.connection, ITEMS, {"annotations": ANNOTATIONS})


def annotations_of(session: Session) -> Documents:
    """Annotations, and the join to their items."""
    return Documents(session.connection, ANNOTATIONS, {"items": ITEMS})


def blob_key(session: Session, item_id: str) -> str | None:
    """Where the item's bytes are; None for a folder."""
    return session.connection.scalar(select(ITEM_BYTES.c.blob_key).where(ITEM_BYTES.c.item_id == item_id))


def add_blob_key(session: Session, item_id: str, key: str) -> None:
    """The bytes of a new item are there."""
    session.connection.execute(insert(ITEM_BYTES).values(item_id=item_id, blob_key=key))


def change_blob_key(session: Session, item_id: str, key: str) -> list[str]:
    """The item's bytes are there from now on. Returns the key they had, unless somebody else has it too."""
    freed = _release(session, ITEM_BYTES.c.item_id == item_id)
    add_blob_key(session, item_id, key)
    return freed


def remove_items(session: Session, ids: Sequence[str]) -> list[str]:
    """Items with their annotations. Returns the keys of the bytes nobody has any more."""
    freed: list[str] = []
    for some in _chunks(ids):
        freed += _release(session, ITEM_BYTES.c.item_id.in_(some))
        session.documents(ANNOTATIONS).delete_many(ANNOTATIONS.table.c.item_id.in_(some))
        session.documents(ITEMS).delete_many(ITEMS.table.c.id.in_(some))
    return freed


def remove_dataset(session: Session, dataset_id: str) -> list[str]:
    """A dataset with all in it. Returns the keys of the bytes nobody has any more."""
    inside = select(ITEMS.table.c.id).where(ITEMS.table.c.dataset_id == dataset_id)
    freed = _release(session, ITEM_BYTES.c.item_id.in_(inside))
    session.documents(ANNOTATIONS).delete_many(ANNOTATIONS.table.c.dataset_id == dataset_id)
    session.documents(ITEMS).delete_many(ITEMS.table.c.dataset_id == dataset_id)
    session.documents(DATASETS).delete(dataset_id)
    return freed


def recount(session: Session, item_ids: Collection[str]) -> list[Document]:
    """Make ``annotationsCount`` and ``annotated`` of these items true again. Returns those that changed."""
    changed: list[Document] = []
    items = session.documents(ITEMS)
    for item_id in item_ids:
        item = items.get(item_id)
        count = session.documents(ANNOTATIONS).count(item_id=item_id)
        if item is not None and item["annotationsCount"] != count:
            item |= {"annotationsCount": count, "annotated": count > 0}
            items.put(item)
            changed.append(item)
    return changed


def counts(session: Session, dataset_ids: Sequence[str]) -> dict[str, Counts]:
    """What each dataset holds, from indexes alone."""
    found: dict[str, Counts] = dict.fromkeys(dataset_ids, Counts())
    for some in _chunks(dataset_ids):
        _count(session, some, found)
    return found


def _count(session: Session, dataset_ids: Sequence[str], found: dict[str, Counts]) -> None:
    items, annotations = ITEMS.table.c, ANNOTATIONS.table.c
    files = and_(items.dataset_id.in_(dataset_ids), items.type == "file", items.hidden.is_(False))
    by_item = select(items.dataset_id, items.annotated, func.count()).where(files)
    for owner, annotated, count in session.connection.execute(by_item.group_by(items.dataset_id, items.annotated)):
        old = found[owner]
        found[owner] = replace(old, items=old.items + count, annotated=old.annotated + count * bool(annotated))
    by_annotation = select(annotations.dataset_id, func.count()).where(annotations.dataset_id.in_(dataset_ids))
    for owner, count in session.connection.execute(by_annotation.group_by(annotations.dataset_id)):
        found[owner] = replace(found[owner], annotations=count)


def subtree(session: Session, dataset_id: str, folder: str) -> Iterator[Document]:
    """All that is below a folder, parents before what is in them. They may be changed or deleted on the way."""
    table = ITEMS.table.c
    prefix = folder.rstrip("/") + "/"
    after = prefix[:-1] + chr(ord("/") + 1)
    inside = and_(table.dataset_id == dataset_id, table.filename > prefix, table.filename < after)
    ids = list(session.connection.scalars(select(table.id).where(inside).order_by(table.filename)))
    for some in _chunks(ids):
        docs = {
            row.id: row.doc for row in session.connection.execute(select(table.id, table.doc).where(table.id.in_(some)))
        }
        yield from (docs[one] for one in some)


def _release(session: Session, whose: ColumnElement[bool]) -> list[str]:
    """Forget where these items' bytes are. Returns the keys that no other item has."""
    keys = list(session.connection.scalars(select(ITEM_BYTES.c.blob_key).where(whose).distinct()))
    session.connection.execute(delete(ITEM_BYTES).where(whose))
    shared: set[str] = set()
    for some in _chunks(keys):
        shared.update(session.connection.scalars(select(ITEM_BYTES.c.blob_key).where(ITEM_BYTES.c.blob_key.in_(some))))
    return [key for key in keys if key not in shared]


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
