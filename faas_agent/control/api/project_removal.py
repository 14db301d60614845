"""What goes when a project goes: everything in it, each kind by the file that knows it.

Called by ``projects.py`` inside its transaction, so a project is there whole or not at all.
"""

from __future__ import annotations

from faas_agent.control.api.bots import delete_bots_of
from faas_agent.control.api.datasets import delete_blobs, delete_datasets_of
from faas_agent.control.api.packages import remove_package
from faas_agent.control.api.service_entities import delete_services_of
from faas_agent.control.platform import Platform
from faas_agent.ports.store import answers, events
from faas_agent.ports.store.people import OF_PROJECTS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import (
    COMMANDS,
    DRIVERS,
    ONTOLOGIES,
    PACKAGES,
    PROJECTS,
    RECIPES,
    SETTINGS,
    TRIGGERS,
)


def remove_project(session: Session, platform: Platform, project_id: str) -> None:
    """Services first, so that nothing runs on what follows."""
    delete_services_of(session, platform, project_id)
    session.documents(TRIGGERS).delete_many(TRIGGERS.table.c.project_id == project_id)
    for package in session.documents(PACKAGES).find(project_id=project_id):
        remove_package(session, package["id"])
    delete_blobs(session, platform, delete_datasets_of(session, platform, project_id))
    delete_bots_of(session, project_id)
    for documents in (RECIPES, ONTOLOGIES, COMMANDS, DRIVERS):
        session.documents(documents).delete_many(documents.table.c.project_id == project_id)
    session.documents(SETTINGS).delete_many(SETTINGS.table.c.scope_id == project_id)
    events.delete_of_project(session, project_id)
    answers.delete_of_project(session, project_id)
    OF_PROJECTS.remove_place(session, project_id)
    session.documents(PROJECTS).delete(project_id)
