"""What Alembic runs for each command: the migrations, in the transaction that ``schema.py`` has begun."""

from __future__ import annotations

from alembic import context

from faas_agent.ports.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
