"""The kept form of a secret: what goes in comes out, and a later release's form is not guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from faas_agent.control import secrets
from faas_agent.errors import FaasError
from faas_agent.ports.store.store import open_store

VALUES = {"key": "k", "value": "ünï\n\x00"}


def test_what_is_kept_is_revealed_until_it_is_forgotten(tmp_path: Path) -> None:
    store = open_store(tmp_path / "faas.db")
    with store.write() as session:
        secrets.keep(session, "one", {"old": "value"})
        secrets.keep(session, "one", VALUES)
        assert secrets.reveal(session, "one") == VALUES
        assert secrets.reveal(session, "two") is None
        secrets.forget(session, "one")
        assert secrets.reveal(session, "one") is None
    store.close()


def test_the_first_byte_names_the_form() -> None:
    kept = secrets.Seal().close(VALUES)
    assert kept[:1] == secrets.Seal.PLAIN
    with pytest.raises(FaasError, match="later release"):
        secrets.Seal().open(b"\x02" + kept[1:])
