from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from faas_agent.model.specs.merging import merged

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(max_size=2), JSON, max_size=4)


def test_objects_merge_null_removes_and_the_rest_replaces() -> None:
    old = {"a": {"b": 1, "c": 2}, "list": [1, 2], "gone": 1, "same": True}
    diff = {"a": {"b": None, "d": {"e": 3, "f": None}}, "list": [3], "gone": None, "new": "x", "never": None}
    assert merged(old, diff) == {"a": {"c": 2, "d": {"e": 3}}, "list": [3], "same": True, "new": "x"}


@given(OBJECTS, OBJECTS)
def test_a_diff_laid_twice_changes_no_more_and_nothing_it_was_given(old: object, diff: dict[str, object]) -> None:
    before = copy.deepcopy((old, diff))
    once = merged(old, diff)
    assert merged(once, diff) == once
    assert (old, diff) == before
