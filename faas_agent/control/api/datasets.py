"""Datasets: made, found, changed, deleted (ENDPOINTS 4). Every project has a hidden one, Binaries, made with it.

Enters: HTTP, and calls from projects, which make Binaries and take everything along when they go. Leaves: datasets with
their counts. What is in a dataset is the matter of ``items.py`` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.recipes import create_default_recipe
from faas_agent.control.events import emit
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Forbidden
from faas_agent.model.specs import dataset as specs
from faas_agent.model.specs.filters import Context, parse_query
from faas_agent.model.specs.filters import Query as Asked
from faas_agent.model.specs.values import show
from faas_agent.ports.store import items as contents
from faas_agent.ports.store.documents import Document, Taken, Within
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS, DRIVERS

router = APIRouter(prefix="/datasets", tags=["datasets"])

# -- for other resources -----------------------------------------------------------------------------------------------


def create_binaries(session: Session, platform: Platform, project_id: str, creator: str) -> None:
    """The hidden dataset of a project that is being made."""
    _insert(session, platform, project_id, specs.BINARIES, creator, {"system": True})


def delete_datasets_of(session: Session, platform: Platform, project_id: str) -> list[str]:
    """Every dataset of a project that is being deleted. Returns the blobs to delete once that is committed."""
    return [
        key
        for dataset in session.documents(DATASETS).find(project_id=project_id)
        for key in delete_dataset(session, platform, dataset)
    ]


def create_dataset(
    session: Session, platform: Platform, caller: Caller, project_id: str, name: object, more: dict[str, Any]
) -> Document:
    """A new dataset of that project, with an event. Raises BadRequest for a name that is taken."""
    dataset = _insert(session, platform, project_id, specs.check_dataset_name(name), caller.email, more)
    emit(session, platform, "Dataset", "Created", wired(session, platform, [dataset])[0], project_id)
    return dataset


def delete_dataset(session: Session, platform: Platform, dataset: Document) -> list[str]:
    """A dataset with all in it, with an event. Returns the blobs to delete once that is committed."""
    if not dataset["system"]:
        sent = wired(session, platform, [dataset])[0]
        emit(session, platform, "Dataset", "Deleted", sent, dataset["projectId"])
    return contents.remove_dataset(session, dataset["id"])


def fetch_dataset(session: Session, caller: Caller, dataset_id: str, role: str = "annotator") -> Document:
    """A dataset the caller may read, or write as that role. Raises BadRequest, NotFound, Forbidden."""
    return access.fetch(session, caller, DATASETS, access.object_id(dataset_id, "a dataset"), "dataset", role)


def writable_dataset(session: Session, caller: Caller, dataset_id: str, role: str = "engineer") -> Document:
    """A dataset whose items the caller may change. What runs is kept in Binaries: that takes an engineer."""
    dataset = fetch_dataset(session, caller, dataset_id)
    access.require(session, caller, dataset["projectId"], "engineer" if dataset["system"] else role)
    if dataset["readonly"]:
        raise Forbidden(f"the dataset {dataset['name']!r} is read-only: unlock it first")
    return dataset


def wired(session: Session, platform: Platform, datasets: list[Document]) -> list[Document]:
    """Datasets as they go out."""
    held = contents.counts(session, [dataset["id"] for dataset in datasets])
    return [specs.on_the_wire(dataset, held[dataset["id"]], platform.gate_url) for dataset in datasets]


def _insert(
    session: Session, platform: Platform, project_id: str, name: str, creator: str, more: dict[str, Any]
) -> Document:
    driver = session.documents(DRIVERS).first()
    dataset = specs.new_dataset(
        platform.new_id(), project_id, name, creator, platform.now(), driver["id"] if driver else ""
    )
    dataset |= more
    try:
        session.documents(DATASETS).insert(dataset)
    except Taken:
        raise BadRequest(f"Failed to create dataset: the name {name!r} is taken in this project") from None
    return dataset


# -- routes ------------------------------------------------------------------------------------------------------------


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, body: Json) -> Document:
    """A new dataset in the first of ``projects``, with a default recipe unless ``createDefaultRecipe`` is false."""
    projects = body.get("projects")
    if not isinstance(projects, list) or len(projects) != 1 or not isinstance(projects[0], str):
        raise BadRequest("projects must be a list of one id: the project the dataset belongs to")
    project_id = access.uuid_id(projects[0], "a project")
    with platform.store.write() as session:
        access.require(session, caller, project_id, "engineer")
        more = _chosen(session, body)
        if body.get("createDefaultRecipe", True) is not False:
            name = specs.check_dataset_name(body.get("name"))
            recipe = create_default_recipe(session, platform, name, project_id, caller.email)
            more["metadata"] = {"system": {"recipes": [recipe]}}
        dataset = create_dataset(session, platform, caller, project_id, body.get("name"), more)
        return wired(session, platform, [dataset])[0]


def _chosen(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """What a caller may choose of a new dataset."""
    chosen: dict[str, Any] = {}
    driver = body.get("driver")
    if driver is not None:
        if not isinstance(driver, str) or session.documents(DRIVERS).get(driver) is None:
            raise BadRequest(f"driver {show(driver)} does not exist: list the drivers, or leave it out for the default")
        chosen["driver"] = driver
    if body.get("expirationOptions") is not None:
        chosen["expirationOptions"] = specs.expiration(body["expirationOptions"])
    if isinstance(body.get("indexDriver"), str):
        chosen["indexDriver"] = body["indexDriver"]
    return chosen


@router.get("")
def list_datasets(
    platform: PlatformDep,
    caller: CallerDep,
    projects: Annotated[list[str] | None, Query()] = None,
    name: str | None = None,
) -> list[Document]:
    """The datasets of the caller's projects, or of some of them."""
    wanted = [one for text in projects or () for one in text.split(",")]
    with platform.store.read() as session:
        within = _within(session, caller, wanted or None, system=False)
        found = [one for one in session.documents(DATASETS).iterate(Asked(), within) if name in (None, one["name"])]
        return wired(session, platform, found)


def _within(session: Session, caller: Caller, wanted: Iterable[str] | None, *, system: bool) -> Within:
    projects = access.visible_projects(session, caller, wanted)
    scope: dict[str, Any] = {"project_id": projects, "system": [system]}
    return scope


@router.post("/query")
def query(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, object]:
    """A page of datasets. With ``systemSpace`` the hidden ones, without it all others."""
    asked = parse_query(body)
    with platform.store.read() as session:
        within = _scope(session, caller, asked.context, system=asked.system_space)
        page = session.documents(DATASETS).query(asked, within).to_wire()
        found: Any = page["items"]
        return page | {"items": wired(session, platform, found)}


def _scope(session: Session, caller: Caller, context: Context, *, system: bool) -> Within:
    within = dict(_within(session, caller, context.projects, system=system))
    if context.datasets is not None:
        within["id"] = context.datasets
    return within


@router.get("/{dataset_id}")
def get(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> Document:
    """One dataset with its counts."""
    with platform.store.read() as session:
        return wired(session, platform, [fetch_dataset(session, caller, dataset_id)])[0]


@router.patch("/{dataset_id}")
def patch(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json, system: bool = False) -> Document:
    """Change the name, the metadata, the expiration, or whether it is read-only; read-only fields are ignored."""
    with platform.store.write() as session:
        dataset = fetch_dataset(session, caller, dataset_id, "engineer")
        return _change(session, platform, caller, dataset, body, system=system)


@router.patch("/{dataset_id}/unlock")
def unlock(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> Document:
    """Let it be written to again."""
    with platform.store.write() as session:
        dataset = fetch_dataset(session, caller, dataset_id, "engineer")
        return _change(session, platform, caller, dataset, {"readonly": False}, system=False)


def _change(
    session: Session, platform: Platform, caller: Caller, dataset: Document, body: dict[str, Any], *, system: bool
) -> Document:
    new = specs.patched(dataset, body, system=system)
    if dataset["system"] and (new["name"], new["readonly"]) != (dataset["name"], dataset["readonly"]):
        raise Forbidden("the Binaries dataset belongs to the project: it can be neither renamed nor locked")
    if new != dataset:
        new |= {"updatedAt": platform.now(), "updatedBy": caller.email}
        try:
            session.documents(DATASETS).put(new)
        except Taken:
            raise BadRequest(f"the name {new['name']!r} is taken in this project") from None
    sent = wired(session, platform, [new])[0]
    if new != dataset and not new["system"]:
        emit(session, platform, "Dataset", "Updated", sent, new["projectId"])
    return sent


@router.delete("/{dataset_id}")
def delete(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> dict[str, str]:
    """Delete a dataset with all its items, for good."""
    with platform.store.write() as session:
        dataset = fetch_dataset(session, caller, dataset_id, "engineer")
        if dataset["system"]:
            raise Forbidden("the Binaries dataset belongs to the project: it goes when the project is deleted")
        delete_blobs(session, platform, delete_dataset(session, platform, dataset))
    return {"id": dataset_id}


def delete_blobs(session: Session, platform: Platform, keys: list[str]) -> None:
    """Once this transaction is committed: the bytes are nobody's any more."""

    def remove() -> None:
        for key in keys:
            platform.blobs.delete(key)

    session.after_commit(remove)
