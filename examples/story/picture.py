"""One picture of all photographs with the boxes that were found. Called by the story; needs Pillow, as the SDK does."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

Box = tuple[float, float, float, float]
CELL, COLUMNS, GAP = 320, 4, 12
GREEN, GREY, WHITE = (40, 200, 90), (110, 110, 110), (255, 255, 255)


def draw(photos: list[Path], boxes: dict[str, list[Box]], target: Path) -> None:
    """A sheet of photographs, four in a row, each with its boxes and its name."""
    rows = -(-len(photos) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (CELL + GAP) + GAP, rows * (CELL + 3 * GAP) + GAP), WHITE)
    for number, photo in enumerate(photos):
        at = GAP + number % COLUMNS * (CELL + GAP), GAP + number // COLUMNS * (CELL + 3 * GAP)
        found = boxes[photo.name]
        sheet.paste(with_boxes(photo, found), at)
        label = f"{photo.name}: {len(found)} face{'' if len(found) == 1 else 's'}"
        ImageDraw.Draw(sheet).text((at[0], at[1] + CELL + 3), label, GREEN if found else GREY)
    sheet.save(target)


def with_boxes(photo: Path, boxes: list[Box]) -> Image.Image:
    """The photograph, as large as a cell allows, and its boxes at that scale."""
    image = Image.open(photo).convert("RGB")
    scale = min(CELL / image.width, CELL / image.height)
    small = image.resize((int(image.width * scale), int(image.height * scale)))
    pen = ImageDraw.Draw(small)
    for box in boxes:
        pen.rectangle([edge * scale for edge in box], outline=GREEN, width=4)
    return small
