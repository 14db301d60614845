"""What ``dlp items download`` draws: every type of annotation where it is, in its label's color or number."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from faas_agent.cli.drawing import Style, draw
from faas_agent.errors import FaasError

SIZE = (40, 30)
STYLE = Style({"b": "#0000ff", "a": "#ff0000"})
RED, BLUE, NOTHING = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


def at(x: float, y: float) -> dict[str, float]:
    return {"x": x, "y": y}


def annotation(kind: str, coordinates: Any, label: str = "a") -> dict[str, Any]:
    return {"id": "1", "type": kind, "label": label, "coordinates": coordinates}


def bitmap(left: int, top: int, right: int, bottom: int) -> str:
    image, out = Image.new("RGBA", SIZE), io.BytesIO()
    image.paste((9, 9, 9, 200), (left, top, right, bottom))
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


BOX = annotation("box", [at(5, 6), at(20, 16)])
TRIANGLE = [at(2, 2), at(30, 2), at(2, 20)]


@pytest.mark.parametrize(
    ("one", "on", "off"),
    [
        (BOX, (5, 10), (10, 10)),
        (annotation("box", [at(5, 10), at(25, 14), 90]), (15, 2), (5, 10)),
        (annotation("segment", [TRIANGLE]), (2, 10), (5, 5)),
        (annotation("segment", TRIANGLE), (2, 10), (5, 5)),
        (annotation("polyline", [TRIANGLE]), (10, 2), (2, 10)),
        (annotation("point", at(7, 8)), (8, 8), (20, 20)),
        (annotation("ellipse", {"center": at(20, 15), "rx": 10, "ry": 5, "angle": 0}), (30, 15), (20, 15)),
        (annotation("binary", bitmap(10, 10, 15, 15)), (12, 12), (20, 20)),
    ],
)
def test_every_type_is_drawn_where_it_is(one: dict[str, Any], on: tuple[int, int], off: tuple[int, int]) -> None:
    mask = draw("mask", [one], SIZE, STYLE)
    assert (mask.size, mask.getpixel(on), mask.getpixel(off)) == (SIZE, RED, NOTHING)
    instance = draw("instance", [one], SIZE, STYLE)
    assert (instance.mode, instance.getpixel(on), instance.getpixel(off)) == ("L", 1, 0)


def test_a_negative_thickness_fills() -> None:
    assert draw("mask", [BOX], SIZE, Style(STYLE.colors, thickness=-1)).getpixel((10, 10)) == RED
    assert draw("mask", [BOX], SIZE, Style(STYLE.colors, thickness=7)).getpixel((7, 10)) == RED


def test_the_later_is_on_top() -> None:
    both = [BOX, annotation("binary", bitmap(0, 0, 40, 30), label="b")]
    assert draw("mask", both, SIZE, STYLE).getpixel((5, 10)) == BLUE
    assert draw("instance", both, SIZE, STYLE).getpixel((5, 10)) == 2


def test_text_is_written_into_masks_only_and_when_wanted() -> None:
    plain, written = (draw("mask", [BOX], SIZE, Style(STYLE.colors, with_text=text)) for text in (False, True))
    assert plain.tobytes() != written.tobytes()
    assert draw("instance", [BOX], SIZE, Style(STYLE.colors, with_text=True)).getcolors(1000) is not None


def test_a_classification_is_nowhere_in_the_picture() -> None:
    assert draw("mask", [annotation("class", [])], SIZE, STYLE).getbbox() is None


def test_more_labels_than_a_byte_counts_have_numbers_too() -> None:
    many = Style({f"{number:04}": "#000000" for number in range(1000)})
    boxes = [
        annotation(kind, told, label="0999")
        for kind, told in (("box", BOX["coordinates"]), ("binary", bitmap(0, 0, 2, 2)))
    ]
    image = draw("instance", boxes, SIZE, many)
    assert [image.getpixel(where) for where in ((5, 10), (1, 1), (10, 10))] == [1000, 1000, 0]


def test_a_label_of_no_recipe_is_white_and_has_no_number() -> None:
    strange = annotation("box", BOX["coordinates"], label="strange")
    assert draw("mask", [strange], SIZE, STYLE).getpixel((5, 10)) == (255, 255, 255, 255)
    with pytest.raises(FaasError, match="label 'strange' has no number"):
        draw("instance", [strange], SIZE, STYLE)


@pytest.mark.parametrize(
    "wrong",
    [
        annotation("ellipse", {"rx": 1}),
        annotation("box", [at(1, 1)]),
        annotation("binary", "data:image/png;base64,????"),
        annotation("binary", "data:image/png;base64," + base64.b64encode(b"no picture").decode()),
        annotation("binary", []),
        annotation("point", None),
    ],
)
def test_what_cannot_be_drawn_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(FaasError, match=r"annotation 1 of type .* cannot be drawn"):
        draw("mask", [wrong], SIZE, STYLE)
