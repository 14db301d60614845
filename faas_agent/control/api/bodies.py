"""JSON bodies as handlers take them: objects and lists that a database can keep. Anything else is a 400 before that."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import Body
from pydantic import AfterValidator

from faas_agent.model.specs.values import json_value

T = TypeVar("T")


def _storable(body: T) -> T:
    return json_value("the body", body)


Json = Annotated[dict[str, Any], Body(), AfterValidator(_storable)]
JsonList = Annotated[list[Any], Body(), AfterValidator(_storable)]
