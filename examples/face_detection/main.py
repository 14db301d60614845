"""Draws a box around every face of an image, with the cascade that comes inside OpenCV."""

import os
import tempfile
import threading

import cv2
import dtlpy as dl


class ServiceRunner(dl.BaseServiceRunner):
    """Loads the cascade once; ``detect`` then runs for every item."""

    def __init__(
        self,
        cascade_filename: str = "haarcascade_frontalface_alt2.xml",
        min_neighbors: int = 5,
        min_size: int = 48,
    ):
        path = os.path.join(cv2.data.haarcascades, cascade_filename)
        if not os.path.isfile(path):
            raise ValueError(f"OpenCV has no cascade {cascade_filename!r}")
        print(f"[INFO] loading {cascade_filename}")
        self.cascade = cv2.CascadeClassifier(path)
        self.lock = threading.Lock()  # one cascade serves one thread at a time
        self.min_neighbors = min_neighbors
        self.min_size = min_size

    def detect(self, item: dl.Item, progress: dl.Progress) -> int:
        """Uploads one box per face; returns how many there are."""
        with tempfile.TemporaryDirectory() as folder:
            print(f"[INFO] downloading {item.name}")
            faces = self.find_faces(item.download(local_path=folder))
        progress.update(progress=50, message=f"{len(faces)} faces found")
        builder = item.annotations.builder()
        for left, top, width, height in faces:
            box = dl.Box(left=left, top=top, right=left + width, bottom=top + height, label="face")
            builder.add(annotation_definition=box)
        if faces:
            builder.upload()
        print(f"[INFO] {item.name}: {len(faces)} faces")
        return len(faces)

    def find_faces(self, path: str) -> list:
        """``(left, top, width, height)`` of each face, in pixels."""
        image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ValueError(f"{os.path.basename(path)} is not an image that OpenCV can read")
        size = (self.min_size, self.min_size)
        with self.lock:
            found = self.cascade.detectMultiScale(
                cv2.equalizeHist(image), scaleFactor=1.1, minNeighbors=self.min_neighbors, minSize=size
            )
        return [tuple(int(number) for number in face) for face in found]
