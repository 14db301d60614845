"""What is kept, table by table. Column paths are those of the wire, so that a filter on them meets an index.

Entities that the wire defines are documents (``documents.py``). What only the platform moves (executions, leases,
outbox, logs) has plain columns, because each change of it is one guarded statement.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text, text

from faas_agent.ports.store.documents import Column as Path
from faas_agent.ports.store.documents import DocumentTable
from faas_agent.ports.store.types import JSONS, SERIAL, TEXT

METADATA = MetaData()
"""A change here needs a migration (``migrations/versions``); a test compares the two."""

# -- who -------------------------------------------------------------------------------------------------------------

USERS = DocumentTable(
    METADATA,
    "users",
    {
        "email": Path("email", Text, unique=True),
        "type": Path("type", Text),
        "project_id": Path("projectId", Text, index=True),
        "created_at": Path("createdAt", Text),
    },
)
PASSWORDS = Table(
    "passwords",
    METADATA,
    Column("email", TEXT, primary_key=True),
    Column("hash", TEXT, nullable=False),
)
ORGS = DocumentTable(METADATA, "orgs", {"name": Path("name", Text)})
ORG_MEMBERS = Table(
    "org_members",
    METADATA,
    Column("org_id", TEXT, primary_key=True),
    Column("email", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
)
PROJECTS = DocumentTable(
    METADATA, "projects", {"name": Path("name", Text, unique=True), "creator": Path("creator", Text)}
)
MEMBERS = Table(
    "members",
    METADATA,
    Column("project_id", TEXT, primary_key=True),
    Column("email", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
    Index("members_email", "email"),
)
INTEGRATIONS = DocumentTable(
    METADATA, "integrations", {"org_id": Path("orgId", Text, index=True), "name": Path("name", Text)}
)
SECRETS = Table(
    "secrets",
    METADATA,
    Column("integration_id", TEXT, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

# -- data ------------------------------------------------------------------------------------------------------------

DATASETS = DocumentTable(
    METADATA,
    "datasets",
    {
        "project_id": Path("projectId", Text, index=True),
        "name": Path("name", Text),
        "system": Path("system", Boolean),
        "created_at": Path("createdAt", Text),
    },
    unique=[("project_id", "name")],
)
ITEMS = DocumentTable(
    METADATA,
    "items",
    {
        "dataset_id": Path("datasetId", Text, index=True),
        "project_id": Path("projectId", Text),
        "filename": Path("filename", Text),
        "dir": Path("dir", Text),
        "name": Path("name", Text),
        "type": Path("type", Text),
        "hidden": Path("hidden", Boolean),
        "mimetype": Path("metadata.system.mimetype", Text),
        "created_at": Path("createdAt", Text),
        "updated_at": Path("updatedAt", Text),
        "annotated": Path("annotated", Boolean),
    },
    unique=[("dataset_id", "filename")],
)
Index("items_counted", *(ITEMS.table.c[name] for name in ("dataset_id", "type", "hidden", "annotated")))
ITEM_BYTES = Table(
    "item_bytes",
    METADATA,
    Column("item_id", TEXT, primary_key=True),
    Column("blob_key", TEXT, nullable=False, index=True),
)
"""Where an item's bytes are: never on the wire. Clones share a blob, so it goes when its last row goes."""
ANNOTATIONS = DocumentTable(
    METADATA,
    "annotations",
    {
        "project_id": Path("projectId", Text),
        "item_id": Path("itemId", Text, index=True),
        "dataset_id": Path("datasetId", Text, index=True),
        "type": Path("type", Text),
        "label": Path("label", Text),
        "creator": Path("creator", Text),
        "created_at": Path("createdAt", Text),
    },
)
ANNOTATIONS.paths["annotationId"] = ANNOTATIONS.table.c.id
"""What the SDK calls the id when it deletes a list of annotations."""
RECIPES = DocumentTable(
    METADATA, "recipes", {"project_id": Path("projectId", Text, index=True), "title": Path("title", Text)}
)
ONTOLOGIES = DocumentTable(
    METADATA, "ontologies", {"project_id": Path("projectId", Text, index=True), "title": Path("title", Text)}
)
DRIVERS = DocumentTable(METADATA, "drivers", {"project_id": Path("projectId", Text), "name": Path("name", Text)})
COMMANDS = DocumentTable(
    METADATA, "commands", {"project_id": Path("projectId", Text, index=True), "creator": Path("creator", Text)}
)
SETTINGS = DocumentTable(
    METADATA, "settings", {"name": Path("name", Text), "scope_id": Path("scope.id", Text, index=True)}
)

# -- functions -------------------------------------------------------------------------------------------------------

PACKAGES = DocumentTable(
    METADATA,
    "packages",
    {
        "project_id": Path("projectId", Text, index=True),
        "name": Path("name", Text),
        "version": Path("version", Text),
        "is_global": Path("global", Boolean),
        "creator": Path("creator", Text),
        "created_at": Path("createdAt", Text),
    },
    unique=[("project_id", "name")],
)
PACKAGE_REVISIONS = DocumentTable(
    METADATA,
    "package_revisions",
    {"package_id": Path("packageId", Text, index=True), "version": Path("version", Text)},
    unique=[("package_id", "version")],
)
SERVICES = DocumentTable(
    METADATA,
    "services",
    {
        "project_id": Path("projectId", Text, index=True),
        "package_id": Path("packageId", Text, index=True),
        "name": Path("name", Text),
        "active": Path("active", Boolean),
        "is_global": Path("global", Boolean),
        "module_name": Path("moduleName", Text),
        "bot": Path("botUserName", Text),
        "creator": Path("creator", Text),
        "created_at": Path("createdAt", Text),
    },
    unique=[("project_id", "name")],
)
SERVICE_REVISIONS = DocumentTable(METADATA, "service_revisions", {"service_id": Path("serviceId", Text, index=True)})
TRIGGERS = DocumentTable(
    METADATA,
    "triggers",
    {
        "project_id": Path("projectId", Text, index=True),
        "service_id": Path("spec.operation.serviceId", Text, index=True),
        "name": Path("name", Text),
        "type": Path("type", Text),
        "active": Path("active", Boolean),
        "creator": Path("creator", Text),
        "created_at": Path("createdAt", Text),
    },
    unique=[("project_id", "name")],
)
FIRINGS = Table(
    "firings",
    METADATA,
    Column("trigger_id", TEXT, primary_key=True),
    Column("resource_id", TEXT, primary_key=True),
    Column("execution_id", TEXT, nullable=False),
)
"""One row for each (trigger, resource) of a ``Once`` trigger, and for each (trigger, scheduled time) of a cron one.

What makes it unique makes it safe (DESIGN 8.5).
"""
SCHEDULES = Table(
    "schedules",
    METADATA,
    Column("trigger_id", TEXT, primary_key=True),
    Column("since", Float, nullable=False),
    Column("next_at", Float, index=True),
)
"""Of each cron trigger that is active: up to when its times are dealt with, and when the next one is due, if ever."""
EVENTS = Table(
    "events",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("project_id", TEXT, nullable=False),
    Column("resource", TEXT, nullable=False),
    Column("action", TEXT, nullable=False),
    Column("resource_id", TEXT, nullable=False),
    Column("body", JSONS, nullable=False),
    Column("at", Float, nullable=False),
)
"""What happened and has not been looked at by the triggers yet; written with the row it is about."""

_TRIGGERED = text("trigger_id IS NOT NULL")
EXECUTIONS = Table(
    "executions",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("project_id", TEXT, nullable=False),
    Column("service_id", TEXT, nullable=False),
    Column("package_id", TEXT, nullable=False),
    Column("function_name", TEXT, nullable=False),
    Column("trigger_id", TEXT),
    Column("creator", TEXT, nullable=False),
    Column("created_at", TEXT, nullable=False),
    Column("updated_at", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("reason", TEXT),
    Column("attempts", Integer, nullable=False, default=0),
    Column("charged", Integer, nullable=False, default=0),
    Column("max_attempts", Integer, nullable=False),
    Column("to_terminate", Boolean, nullable=False, default=False),
    Column("replica_id", TEXT),
    Column("lease_until", Float),
    Column("started_at", Float),
    Column("seconds", Float),
    Column("latest", JSONS, nullable=False),
    Column("output", JSONS),
    Column("doc", JSONS, nullable=False),
    Index("executions_service", "service_id", "id"),
    Index("executions_project", "project_id", "id"),
    Index("executions_state", "state", "service_id"),
    Index("executions_replica", "replica_id"),
    # most executions have no trigger, and pay nothing for those that have
    Index("executions_trigger", "trigger_id", "state", sqlite_where=_TRIGGERED, postgresql_where=_TRIGGERED),
)
"""``attempts`` numbers every start and is the fence; ``charged`` counts those that use up ``max_attempts``."""
STATUS_LOG = Table(
    "status_log",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("execution_id", TEXT, nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("entry", JSONS, nullable=False),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("service_id", TEXT, nullable=False),
    Column("execution_id", TEXT, nullable=False),
)
ANSWERS = Table(
    "answers",
    METADATA,
    Column("project_id", TEXT, primary_key=True),
    Column("key", TEXT, primary_key=True),
    Column("digest", TEXT, nullable=False),
    Column("answer_id", TEXT, nullable=False),
    Column("made_at", Float, nullable=False, index=True),
)
"""What each ``Idempotency-Key`` was answered with. The row makes the call unique, in the transaction that makes it."""
REPLICAS = Table(
    "replicas",
    METADATA,
    Column("id", TEXT, primary_key=True),
    Column("service_id", TEXT, nullable=False, index=True),
    Column("service_version", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("reason", TEXT),
    Column("message", TEXT),
    Column("phases", JSONS, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)
SERVICE_STATUS = Table(
    "service_status",
    METADATA,
    Column("service_id", TEXT, primary_key=True),
    Column("version", TEXT, nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("reason", TEXT),
    Column("message", TEXT),
    Column("not_before", Float, nullable=False, default=0.0),
)
"""What the controller has seen of a service: starts that failed in a row, and when it may try again."""
LOGS = Table(
    "logs",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("service_id", TEXT, nullable=False),
    Column("execution_id", TEXT),
    Column("replica_id", TEXT),
    Column("function_name", TEXT),
    Column("level", TEXT, nullable=False),
    Column("at", Float, nullable=False),
    Column("message", TEXT, nullable=False),
    Column("system", Boolean, nullable=False, default=False),
    Index("logs_service", "service_id", "id"),
    Index("logs_execution", "execution_id", "id"),
)
