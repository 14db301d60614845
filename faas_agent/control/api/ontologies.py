"""Ontologies: the labels and attributes that annotations of a dataset may bear (ENDPOINTS 7).

Reached through a recipe. What a tree of labels may look like is decided in ``model/specs/recipe.py``; here it is kept.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.listing import PageOffset, PageSize, names_in, page_of
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.specs import recipe as labels
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ONTOLOGIES, RECIPES

router = APIRouter(prefix="/ontologies", tags=["recipes"])


def create_ontology(
    session: Session, platform: Platform, title: str, project_ids: list[str], creator: str, **content: Any
) -> dict[str, Any]:
    """A new ontology of those projects. ``content``: ``roots``, ``attributes``, as checked by the caller."""
    ontology_id, now = platform.new_id(), platform.now()
    sent = content.get("attributes") or []
    ontology = {
        "id": ontology_id,
        "url": f"{platform.gate_url}/ontologies/{ontology_id}",
        "title": title,
        "projectId": project_ids[0],
        "projectIds": project_ids,
        "roots": content.get("roots") or [],
        "attributes": [attribute for attribute in sent if isinstance(attribute, str)],
        "metadata": {
            "system": {"projectIds": project_ids},
            "attributes": [attribute for attribute in sent if isinstance(attribute, dict)],
        },
        "creator": creator,
        "createdAt": now,
        "updatedAt": now,
        "updatedBy": creator,
    }
    session.documents(ONTOLOGIES).insert(ontology)
    return ontology


def writable_projects(session: Session, caller: Caller, sent: object) -> list[str]:
    """The project ids of a body, each one where the caller may write."""
    if not isinstance(sent, list) or not sent or not all(isinstance(project, str) for project in sent):
        raise BadRequest("projectIds: a list with at least one project id is needed")
    for project_id in sent:
        access.fetch_project(session, caller, project_id, "engineer")
    return list(dict.fromkeys(sent))


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A new ontology."""
    roots = labels.check_roots(body.get("roots") or [])
    attributes = body.get("attributes") or []
    if not isinstance(attributes, list):
        raise BadRequest("attributes: a list is needed")
    structured = labels.merge_attributes([], [one for one in attributes if not isinstance(one, str)], upsert=True)
    plain = [one for one in attributes if isinstance(one, str)]
    title = body.get("title") or "Default Ontology"
    with platform.store.write() as session:
        projects = writable_projects(session, caller, body.get("projectIds"))
        return create_ontology(
            session, platform, title, projects, caller.email, roots=roots, attributes=plain + structured
        )


@router.get("")
def list_all(
    platform: PlatformDep,
    caller: CallerDep,
    *,
    projects: str | None = None,
    ids: str | None = None,
    offset: PageOffset = 0,
    size: PageSize = 100,
) -> dict[str, object]:
    """Ontologies of the caller's projects."""
    wanted = names_in(ids)
    with platform.store.read() as session:
        mine = access.visible_projects(session, caller, names_in(projects))
        found = [one for project in mine for one in session.documents(ONTOLOGIES).find(project_id=project)]
    return page_of([one for one in found if wanted is None or one["id"] in wanted], offset, size)


@router.get("/{ontology_id}")
def get(platform: PlatformDep, caller: CallerDep, ontology_id: str) -> dict[str, Any]:
    """One ontology."""
    with platform.store.read() as session:
        return _fetch(session, caller, ontology_id, "annotator")


@router.put("/{ontology_id}")
def update(
    platform: PlatformDep, caller: CallerDep, ontology_id: str, body: Json, system: bool = False
) -> dict[str, Any]:
    """Title, labels and metadata. Attributes have endpoints of their own, so a stale copy cannot undo them."""
    with platform.store.write() as session:
        ontology = _fetch(session, caller, ontology_id)
        metadata = body.get("metadata") or {}
        if not isinstance(metadata, dict) or not isinstance(metadata.get("system") or {}, dict):
            raise BadRequest("metadata: an object is needed, and in it 'system' is one too")
        kept = ontology["metadata"]
        system_part = {**kept["system"], **(metadata.get("system") or {} if system else {})}
        system_part["projectIds"] = kept["system"]["projectIds"]
        ontology["metadata"] = {**kept, **metadata, "system": system_part, "attributes": kept["attributes"]}
        ontology["title"] = body.get("title") or ontology["title"]
        if "roots" in body:
            ontology["roots"] = labels.check_roots(body["roots"])
        return _save(session, platform, caller, ontology)


@router.patch("/{ontology_id}/addLabels")
@router.patch("/{ontology_id}/labels")
def put_labels(platform: PlatformDep, caller: CallerDep, ontology_id: str, body: Json) -> dict[str, Any]:
    """Add or change labels; ``upsert: false`` changes only those that are there."""
    with platform.store.write() as session:
        ontology = _fetch(session, caller, ontology_id)
        upsert = body.get("upsert") is not False
        ontology["roots"] = labels.merge_labels(ontology["roots"], body.get("labelsNode"), upsert)
        return _save(session, platform, caller, ontology)


@router.patch("/{ontology_id}/attributes")
def put_attributes(platform: PlatformDep, caller: CallerDep, ontology_id: str, body: Json) -> dict[str, Any]:
    """Add attributes; with ``upsert`` change those that are there."""
    with platform.store.write() as session:
        ontology = _fetch(session, caller, ontology_id)
        kept = ontology["metadata"]
        merged = labels.merge_attributes(kept["attributes"], body.get("items"), body.get("upsert") is True)
        ontology["metadata"] = {**kept, "attributes": merged}
        return _save(session, platform, caller, ontology)


@router.delete("/{ontology_id}/attributes")
def delete_attributes(platform: PlatformDep, caller: CallerDep, ontology_id: str, body: Json) -> dict[str, Any]:
    """Take attributes away."""
    with platform.store.write() as session:
        ontology = _fetch(session, caller, ontology_id)
        kept = ontology["metadata"]
        left = labels.without_attributes(kept["attributes"], body.get("keys"))
        ontology["metadata"] = {**kept, "attributes": left}
        return _save(session, platform, caller, ontology)


@router.delete("/{ontology_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, ontology_id: str) -> None:
    """The ontology, also out of the recipes that name it."""
    with platform.store.write() as session:
        ontology = _fetch(session, caller, ontology_id)
        for project in ontology["projectIds"]:
            for recipe in session.documents(RECIPES).find(project_id=project):
                if ontology_id in recipe["ontologyIds"]:
                    recipe["ontologyIds"] = [one for one in recipe["ontologyIds"] if one != ontology_id]
                    session.documents(RECIPES).put(recipe)
        session.documents(ONTOLOGIES).delete(ontology_id)


def _fetch(session: Session, caller: Caller, ontology_id: str, role: str = "engineer") -> dict[str, Any]:
    access.object_id(ontology_id, "an ontology")
    return access.fetch(session, caller, ONTOLOGIES, ontology_id, "ontology", role)


def _save(session: Session, platform: Platform, caller: Caller, ontology: dict[str, Any]) -> dict[str, Any]:
    ontology |= {"updatedAt": platform.now(), "updatedBy": caller.email}
    session.documents(ONTOLOGIES).put(ontology)
    return ontology
