"""Recipes: what a dataset points to for its ontologies (ENDPOINTS 7). Only as far as datasets need them.

A dataset names its recipes in ``metadata.system.recipes``; a recipe names its ontologies. ``create_default_recipe`` is
called where a dataset is made.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.listing import PageOffset, PageSize, names_in, page_of
from faas_agent.control.api.ontologies import create_ontology, writable_projects
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS, ONTOLOGIES, RECIPES

router = APIRouter(prefix="/recipes", tags=["recipes"])

CHANGEABLE: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "description": str,
    "uiSettings": dict,
    "instructions": (dict, list),
    "examples": (dict, list),
    "customActions": list,
}
"""What a PATCH may set, and to what; everything else of a whole recipe is ignored."""


def create_default_recipe(
    session: Session, platform: Platform, dataset_name: str, project_id: str, creator: str
) -> str:
    """A recipe with an empty ontology for a new dataset; returns the recipe's id."""
    title = f"{dataset_name} Default"
    ontology = create_ontology(session, platform, f"{title} Ontology", [project_id], creator)
    recipe = _create(session, platform, f"{title} Recipe", [project_id], [ontology["id"]], creator=creator)
    return str(recipe["id"])


def _create(
    session: Session, platform: Platform, title: str, project_ids: list[str], ontology_ids: list[str], *, creator: str
) -> dict[str, Any]:
    recipe_id, now = platform.new_id(), platform.now()
    recipe: dict[str, Any] = {
        "id": recipe_id,
        "url": f"{platform.gate_url}/recipes/{recipe_id}",
        "title": title,
        "description": None,
        "projectId": project_ids[0],
        "projectIds": project_ids,
        "ontologyIds": ontology_ids,
        "instructions": None,
        "examples": None,
        "customActions": [],
        "uiSettings": {"allowObjectIdAutoAssign": True, "studioV2App": True},
        "metadata": {"system": {}},
        "creator": creator,
        "createdAt": now,
        "updatedAt": now,
        "updatedBy": creator,
    }
    session.documents(RECIPES).insert(recipe)
    return recipe


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A new recipe over ontologies that exist."""
    with platform.store.write() as session:
        projects = writable_projects(session, caller, body.get("projectIds"))
        ontologies = _known_ontologies(session, caller, body.get("ontologyIds") or [])
        changes = {"title": "Default Recipe"} | _changes(body)
        recipe = _create(session, platform, changes["title"], projects, ontologies, creator=caller.email)
        recipe |= changes
        session.documents(RECIPES).put(recipe)
        return recipe


@router.get("")
def list_all(
    platform: PlatformDep,
    caller: CallerDep,
    *,
    projects: str | None = None,
    ontologies: str | None = None,
    offset: PageOffset = 0,
    size: PageSize = 100,
) -> dict[str, object]:
    """Recipes of the caller's projects, all or those with one of these ontologies."""
    wanted = names_in(ontologies)
    with platform.store.read() as session:
        mine = access.visible_projects(session, caller, names_in(projects))
        found = [one for project in mine for one in session.documents(RECIPES).find(project_id=project)]
    kept = [one for one in found if wanted is None or set(wanted) & set(one["ontologyIds"])]
    return page_of(kept, offset, size)


@router.get("/{recipe_id}")
def get(platform: PlatformDep, caller: CallerDep, recipe_id: str) -> dict[str, Any]:
    """One recipe."""
    with platform.store.read() as session:
        return _fetch(session, caller, recipe_id, "annotator")


@router.patch("/{recipe_id}")
def update(
    platform: PlatformDep, caller: CallerDep, recipe_id: str, body: Json, system: bool = False
) -> dict[str, Any]:
    """What a recipe says of itself, its ontologies and its metadata; the rest of a whole recipe is ignored."""
    with platform.store.write() as session:
        recipe = _fetch(session, caller, recipe_id) | _changes(body)
        if body.get("ontologyIds") is not None:
            recipe["ontologyIds"] = _known_ontologies(session, caller, body["ontologyIds"])
        metadata = body.get("metadata") or {}
        if not isinstance(metadata, dict) or not isinstance(metadata.get("system") or {}, dict):
            raise BadRequest("metadata: an object is needed, and in it 'system' is one too")
        system_part = (
            (metadata.get("system") or {}) if system and "system" in metadata else recipe["metadata"]["system"]
        )
        recipe["metadata"] = {**recipe["metadata"], **metadata, "system": system_part}
        recipe |= {"updatedAt": platform.now(), "updatedBy": caller.email}
        session.documents(RECIPES).put(recipe)
        return recipe


@router.post("/{recipe_id}/clone")
def clone(platform: PlatformDep, caller: CallerDep, recipe_id: str, body: Json) -> dict[str, Any]:
    """The same recipe again; ``shallow`` shares the ontologies, else they are copied too."""
    with platform.store.write() as session:
        recipe = _fetch(session, caller, recipe_id)
        ontologies = recipe["ontologyIds"]
        if body.get("shallow") is not True:
            ontologies = [_copy_ontology(session, platform, caller, one) for one in ontologies]
        copy = _create(session, platform, recipe["title"], recipe["projectIds"], ontologies, creator=caller.email)
        copy |= {name: recipe[name] for name in CHANGEABLE} | {"metadata": recipe["metadata"]}
        session.documents(RECIPES).put(copy)
        return copy


@router.delete("/{recipe_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, recipe_id: str, force: bool = False) -> None:
    """A recipe that no dataset uses; with ``force`` any, also out of its datasets. Its ontologies stay."""
    with platform.store.write() as session:
        recipe = _fetch(session, caller, recipe_id)
        for project in recipe["projectIds"]:
            for dataset in session.documents(DATASETS).find(project_id=project):
                named = (dataset["metadata"].get("system") or {}).get("recipes") or []
                if recipe_id in named:
                    if not force:
                        message = f"recipe {recipe_id} is the one of dataset {dataset['name']!r}"
                        raise BadRequest(f"{message}: give that another one, or delete with force")
                    dataset["metadata"]["system"]["recipes"] = [one for one in named if one != recipe_id]
                    session.documents(DATASETS).put(dataset)
        session.documents(RECIPES).delete(recipe_id)


def _fetch(session: Session, caller: Caller, recipe_id: str, role: str = "engineer") -> dict[str, Any]:
    access.object_id(recipe_id, "a recipe")
    return access.fetch(session, caller, RECIPES, recipe_id, "recipe", role)


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    changes = {name: body[name] for name in CHANGEABLE if body.get(name) is not None}
    for name, value in changes.items():
        if not isinstance(value, CHANGEABLE[name]):
            raise BadRequest(f"{name}: a value of this type cannot be stored here")
    return changes


def _known_ontologies(session: Session, caller: Caller, sent: object) -> list[str]:
    if not isinstance(sent, list) or not all(isinstance(one, str) for one in sent):
        raise BadRequest("ontologyIds: a list of ontology ids is needed")
    for one in sent:
        access.fetch(session, caller, ONTOLOGIES, access.object_id(one, "an ontology"), "ontology")
    return list(dict.fromkeys(sent))


def _copy_ontology(session: Session, platform: Platform, caller: Caller, ontology_id: str) -> str:
    source = access.fetch(session, caller, ONTOLOGIES, ontology_id, "ontology")
    attributes = source["attributes"] + source["metadata"]["attributes"]
    content = {"roots": source["roots"], "attributes": attributes}
    return str(create_ontology(session, platform, source["title"], source["projectIds"], caller.email, **content)["id"])
