"""Schedules of cron triggers, and what their executions are found by. Alembic counts from here on.

A database from before there were migrations may have the first two already: it was made whole by the release it is of.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TRIGGERED = sa.text("trigger_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("trigger_id", TEXT, primary_key=True),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("next_at", sa.Float),
        if_not_exists=True,
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"], if_not_exists=True)
    op.create_index(
        "executions_trigger",
        "executions",
        ["trigger_id", "state"],
        sqlite_where=TRIGGERED,
        postgresql_where=TRIGGERED,
        if_not_exists=True,
    )
    op.drop_table("meta")


def downgrade() -> None:
    meta = op.create_table("meta", sa.Column("key", TEXT, primary_key=True), sa.Column("value", TEXT, nullable=False))
    op.bulk_insert(meta, [{"key": "schema", "value": "1"}])
    op.drop_index("executions_trigger", "executions")
    op.drop_table("schedules")
