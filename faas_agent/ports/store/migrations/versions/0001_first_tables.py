"""The tables as they were before there were migrations.

Each column is a name, a kind, and what holds for it: ``key`` (of the primary key), ``needed`` (never null), ``unique``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

KINDS: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    "json": sa.JSON().with_variant(JSONB(), "postgresql"),
    "serial": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "integer": sa.Integer(),
    "float": sa.Float(),
    "boolean": sa.Boolean(),
    "bytes": sa.LargeBinary(),
}
TABLES = {
    "annotations": (
        "id text key, project_id text, item_id text, dataset_id text, type text, label text, creator text, "
        "created_at text, doc json needed"
    ),
    "commands": "id text key, project_id text, creator text, doc json needed",
    "datasets": "id text key, project_id text, name text, system boolean, created_at text, doc json needed",
    "drivers": "id text key, project_id text, name text, doc json needed",
    "events": (
        "id serial key, project_id text needed, resource text needed, action text needed, "
        "resource_id text needed, body json needed, at float needed"
    ),
    "executions": (
        "id text key, project_id text needed, service_id text needed, package_id text needed, "
        "function_name text needed, trigger_id text, creator text needed, created_at text needed, "
        "updated_at text needed, state text needed, reason text, attempts integer needed, "
        "charged integer needed, max_attempts integer needed, to_terminate boolean needed, replica_id text, "
        "lease_until float, started_at float, seconds float, latest json needed, output json, doc json needed"
    ),
    "firings": "trigger_id text key, resource_id text key, execution_id text needed",
    "integrations": "id text key, org_id text, name text, doc json needed",
    "item_bytes": "item_id text key, blob_key text needed",
    "items": (
        "id text key, dataset_id text, project_id text, filename text, dir text, name text, type text, "
        "hidden boolean, mimetype text, created_at text, updated_at text, annotated boolean, doc json needed"
    ),
    "logs": (
        "id serial key, service_id text needed, execution_id text, replica_id text, function_name text, "
        "level text needed, at float needed, message text needed, system boolean needed"
    ),
    "members": "project_id text key, email text key, role text needed",
    "meta": "key text key, value text needed",
    "ontologies": "id text key, project_id text, title text, doc json needed",
    "org_members": "org_id text key, email text key, role text needed",
    "orgs": "id text key, name text, doc json needed",
    "outbox": "id serial key, service_id text needed, execution_id text needed",
    "package_revisions": "id text key, package_id text, version text, doc json needed",
    "packages": (
        "id text key, project_id text, name text, version text, is_global boolean, creator text, "
        "created_at text, doc json needed"
    ),
    "passwords": "email text key, hash text needed",
    "projects": "id text key, name text unique, creator text, doc json needed",
    "recipes": "id text key, project_id text, title text, doc json needed",
    "replicas": (
        "id text key, service_id text needed, service_version text needed, state text needed, reason text, "
        "message text, phases json needed, created_at float needed, seen_at float needed"
    ),
    "secrets": "integration_id text key, sealed bytes needed",
    "service_revisions": "id text key, service_id text, doc json needed",
    "service_status": (
        "service_id text key, version text needed, failures integer needed, reason text, message text, "
        "not_before float needed"
    ),
    "services": (
        "id text key, project_id text, package_id text, name text, active boolean, is_global boolean, "
        "module_name text, bot text, creator text, created_at text, doc json needed"
    ),
    "settings": "id text key, name text, scope_id text, doc json needed",
    "status_log": "id serial key, execution_id text needed, attempt integer needed, entry json needed",
    "triggers": (
        "id text key, project_id text, service_id text, name text, type text, active boolean, creator text, "
        "created_at text, doc json needed"
    ),
    "users": "id text key, email text unique, type text, project_id text, created_at text, doc json needed",
}
INDEXES = [  # name, table, columns, unique
    ("ix_annotations_dataset_id", "annotations", "dataset_id", False),
    ("ix_annotations_item_id", "annotations", "item_id", False),
    ("ix_commands_project_id", "commands", "project_id", False),
    ("datasets_project_id_name", "datasets", "project_id name", True),
    ("ix_datasets_project_id", "datasets", "project_id", False),
    ("executions_project", "executions", "project_id id", False),
    ("executions_replica", "executions", "replica_id", False),
    ("executions_service", "executions", "service_id id", False),
    ("executions_state", "executions", "state service_id", False),
    ("ix_integrations_org_id", "integrations", "org_id", False),
    ("ix_item_bytes_blob_key", "item_bytes", "blob_key", False),
    ("items_counted", "items", "dataset_id type hidden annotated", False),
    ("items_dataset_id_filename", "items", "dataset_id filename", True),
    ("ix_items_dataset_id", "items", "dataset_id", False),
    ("logs_execution", "logs", "execution_id id", False),
    ("logs_service", "logs", "service_id id", False),
    ("members_email", "members", "email", False),
    ("ix_ontologies_project_id", "ontologies", "project_id", False),
    ("ix_package_revisions_package_id", "package_revisions", "package_id", False),
    ("package_revisions_package_id_version", "package_revisions", "package_id version", True),
    ("ix_packages_project_id", "packages", "project_id", False),
    ("packages_project_id_name", "packages", "project_id name", True),
    ("ix_recipes_project_id", "recipes", "project_id", False),
    ("ix_replicas_service_id", "replicas", "service_id", False),
    ("ix_service_revisions_service_id", "service_revisions", "service_id", False),
    ("ix_services_package_id", "services", "package_id", False),
    ("ix_services_project_id", "services", "project_id", False),
    ("services_project_id_name", "services", "project_id name", True),
    ("ix_settings_scope_id", "settings", "scope_id", False),
    ("ix_status_log_execution_id", "status_log", "execution_id", False),
    ("ix_triggers_project_id", "triggers", "project_id", False),
    ("ix_triggers_service_id", "triggers", "service_id", False),
    ("triggers_project_id_name", "triggers", "project_id name", True),
    ("ix_users_project_id", "users", "project_id", False),
]


def upgrade() -> None:
    for name, columns in TABLES.items():
        op.create_table(name, *map(_column, columns.split(", ")))
    for name, table, columns, unique in INDEXES:
        op.create_index(name, table, columns.split(), unique=unique)


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def _column(words: str) -> sa.Column[Any]:
    name, kind, *holds = words.split()
    key = "key" in holds
    return sa.Column(
        name, KINDS[kind], primary_key=key, nullable=not key and "needed" not in holds, unique="unique" in holds or None
    )
