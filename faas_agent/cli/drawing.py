"""Annotations of one item as a picture: ``mask`` in the colors of their labels, ``instance`` in the labels' numbers.

Enters: annotations as the platform answers them, and the width and height of the item. Leaves: an image. Called by
``dlp items download``; reads and writes no file. What has no place in the picture, a classification say, is left out.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from PIL import Image, ImageColor, ImageDraw

from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError

Kind: TypeAlias = Literal["mask", "instance"]
Point: TypeAlias = tuple[float, float]
Ink: TypeAlias = int | tuple[int, ...]

UNLABELED = "#ffffff"
STEPS = 72
"""Corners of what stands for an ellipse."""


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw. ``colors``: of each label of the dataset, ``#rrggbb``; the labels' numbers are those of the SDK."""

    colors: Mapping[str, str]
    thickness: int = 1
    """Of lines; negative: what they enclose is filled."""
    with_text: bool = False

    def ink(self, kind: Kind, label: str) -> Ink:
        if kind == "mask":
            return (*ImageColor.getrgb(self.colors.get(label, UNLABELED))[:3], 255)
        if label not in self.colors:
            raise FaasError(f"the label {label!r} has no number: add it to the recipe of the dataset")
        return sorted(self.colors).index(label) + 1

    def canvas(self, kind: Kind, size: tuple[int, int]) -> Image.Image:
        if kind == "mask":
            return Image.new("RGBA", size)
        return Image.new("L" if len(self.colors) < 256 else "I;16", size)


def draw(kind: Kind, annotations: Iterable[Json], size: tuple[int, int], style: Style) -> Image.Image:
    """The later on top of the earlier. Raises FaasError naming an annotation that is not of its type's shape."""
    image = style.canvas(kind, size)
    for one in annotations:
        try:
            _draw(image, one, style.ink(kind, one["label"]), style, text=style.with_text and kind == "mask")
        except (LookupError, TypeError, ValueError, OSError, Image.DecompressionBombError) as error:
            raise FaasError(f"annotation {one.get('id')} of type {one.get('type')!r} cannot be drawn") from error
    return image


def _draw(image: Image.Image, one: Json, ink: Ink, style: Style, *, text: bool) -> None:
    canvas = ImageDraw.Draw(image)
    if one["type"] == "binary":
        bitmap = _bitmap(one["coordinates"])
        image.paste(ink, (0, 0, *bitmap.size), bitmap)
        box = bitmap.getbbox()
        start = None if box is None else (float(box[0]), float(box[1]))
    else:
        closed = one["type"] != "polyline"
        lines = _lines(one["type"], one["coordinates"], max(style.thickness, 1))
        for line in lines:
            _line(canvas, line, ink, style.thickness, closed=closed)
        start = min((point for line in lines for point in line), default=None)
    if text and start is not None:
        canvas.text(start, one["label"], fill=ink)


def _line(canvas: ImageDraw.ImageDraw, line: list[Point], ink: Ink, thickness: int, *, closed: bool) -> None:
    pixels = [(round(x), round(y)) for x, y in line]
    if closed and thickness < 0:
        canvas.polygon(pixels, fill=ink)
    else:
        canvas.line([*pixels, pixels[0]] if closed else pixels, fill=ink, width=max(thickness, 1))


def _lines(kind: str, told: Any, radius: float) -> list[list[Point]]:
    match kind:
        case "box":
            return [_box(told)]
        case "segment" | "polyline":
            parts = told if told and isinstance(told[0], list) else [told]
            return [[_point(corner) for corner in part] for part in parts if part]
        case "ellipse":
            return [_ellipse(_point(told["center"]), told["rx"], told["ry"], told.get("angle") or 0)]
        case "point":
            return [_ellipse(_point(told), radius, radius, 0)]
    return []


def _box(told: list[Any]) -> list[Point]:
    """Two corners, and maybe the angle by which they are turned."""
    (left, top), (right, bottom) = _point(told[0]), _point(told[1])
    middle = ((left + right) / 2, (top + bottom) / 2)
    angle = told[2] if len(told) > 2 else 0
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [_turned((x - middle[0], y - middle[1]), angle, middle) for x, y in corners]


def _ellipse(middle: Point, rx: float, ry: float, angle: float) -> list[Point]:
    steps = (math.tau * step / STEPS for step in range(STEPS))
    return [_turned((rx * math.cos(at), ry * math.sin(at)), angle, middle) for at in steps]


def _turned(offset: Point, degrees: float, middle: Point) -> Point:
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    x, y = offset
    return middle[0] + x * cosine - y * sine, middle[1] + x * sine + y * cosine


def _point(told: Mapping[str, float]) -> Point:
    return float(told["x"]), float(told["y"])


def _bitmap(told: str) -> Image.Image:
    """Where the PNG of a ``data:`` url is not transparent."""
    content = base64.b64decode(str(told).partition(",")[2], validate=True)
    return Image.open(io.BytesIO(content)).convert("RGBA").getchannel("A").point(lambda alpha: 255 if alpha else 0)
