"""Package revisions: what a push adds, what a service runs; written once and never changed (ENDPOINTS 14).

Called by the API and wherever work is created. A revision is the package as it was, under an id of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faas_agent.control.platform import Platform
from faas_agent.control.signatures import required_inputs
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs.version import named_version, numbers
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PACKAGE_REVISIONS

Json = dict[str, Any]


def add(session: Session, platform: Platform, package: Mapping[str, Any]) -> None:
    """Keep the package as it is now, with what its code says of itself. Raises Taken for a version that is there."""
    own = {
        "id": f"{package['id']}@{package['version']}",
        "packageId": package["id"],
        "required": required_inputs(session, platform, package),
    }
    session.documents(PACKAGE_REVISIONS).insert({**package, **own})


def newest_first(session: Session, package_id: str) -> list[Json]:
    """Every revision of a package, as packages."""
    found = session.documents(PACKAGE_REVISIONS).find(package_id=package_id)
    return sorted(map(_as_package, found), key=lambda package: numbers(package["version"]), reverse=True)


def wanted(session: Session, package: Json, version: object) -> Json:
    """The revision that a deploy names; the latest for nothing or ``latest``. Raises BadRequest."""
    name = named_version(version)
    if name is None:
        return package
    found = session.documents(PACKAGE_REVISIONS).first(package_id=package["id"], version=name)
    if found is None:
        raise BadRequest(f"packageRevision: the package {package['name']!r} has no revision {name[:60]!r}")
    return _as_package(found)


def of_service(session: Session, service: Mapping[str, Any]) -> Json:
    """The revision that a service runs, each input marked ``mandatory`` or not. Raises NotFound when it is gone."""
    revisions = session.documents(PACKAGE_REVISIONS)
    found = revisions.first(package_id=service["packageId"], version=service["packageRevision"])
    if found is None:
        raise NotFound(
            f"the package {service['packageId']} has no revision {service['packageRevision']}: deploy another"
        )
    modules = [_marked(module, found["required"].get(module["name"], {})) for module in found["modules"]]
    return _as_package(found) | {"modules": modules}


def forget(session: Session, package_id: str) -> None:
    """All of a package that goes."""
    session.documents(PACKAGE_REVISIONS).delete_many(PACKAGE_REVISIONS.table.c.package_id == package_id)


def _as_package(revision: Mapping[str, Any]) -> Json:
    kept = {key: value for key, value in revision.items() if key not in ("packageId", "required")}
    return kept | {"id": revision["packageId"]}


def _marked(module: Json, required: Mapping[str, Sequence[str]]) -> Json:
    """The module with ``mandatory`` where its code, or its author, says so."""
    functions = [
        function | {"input": [_mark(one, required.get(function["name"], ())) for one in function.get("input") or []]}
        for function in module.get("functions") or []
    ]
    return module | {"functions": functions}


def _mark(parameter: Json, required: Sequence[str]) -> Json:
    return parameter | {"mandatory": parameter.get("mandatory") is True or parameter["name"] in required}
