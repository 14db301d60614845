"""Names: what passes, and the two messages the SDK looks for (ENDPOINTS 12, 14)."""

from __future__ import annotations

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.names import check_name, check_project_name


@pytest.mark.parametrize("name", ["a", "z9", "my-package", "a--b", "x" * 35])
def test_lower_case_letters_digits_and_dashes_pass(name: str) -> None:
    assert check_name("package", name) == name


@pytest.mark.parametrize("name", ["A", "9a", "-a", "a-", "a_b", "a b", "a\n", "ä", "", None, 5, ["a"]])
def test_anything_else_is_an_invalid_name(name: object) -> None:
    with pytest.raises(BadRequest, match=r"^Invalid package name:"):
        check_name("package", name)


def test_a_long_name_says_how_long_it_may_be() -> None:
    with pytest.raises(BadRequest, match=r"Name must be at most 35 characters"):
        check_name("service", "x" * 36)


@pytest.mark.parametrize("name", ["a", "My Project", "a/b", "ünï", "100%", "?", "a.b", "...x"])
def test_a_project_may_be_called_nearly_anything(name: str) -> None:
    assert check_project_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a\tb", "a\x00", "a//b", "/a", "a/", ".", "a/../b", "x" * 256, None, 5]
)
def test_a_project_name_that_a_url_would_lose_is_refused(name: object) -> None:
    with pytest.raises(BadRequest, match=r"name"):
        check_project_name(name)
