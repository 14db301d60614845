"""The manual's tutorials on functions, step by step as a reader would type them."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sdk_version import CURRENT, needs

pytestmark = pytest.mark.timeout(600)  # the first of them waits for the SDK and OpenCV to be installed
READY_SECONDS = 500
SIDE = 96


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colourful picture with low contrast."""
    across, down = np.meshgrid(np.linspace(90, 150, SIDE), np.linspace(110, 140, SIDE))
    colours = np.stack([across, down, (across + down) / 2 + 20], axis=2).astype(np.uint8)
    path = tmp_path_factory.mktemp("pictures") / "hamster.jpg"
    assert cv2.imwrite(str(path), cv2.circle(colours, (SIDE // 2, SIDE // 2), 20, (200, 90, 60), -1))
    return path


def image_of(item: Any) -> Any:
    """The pixels of an item."""
    buffer = item.download(save_locally=False)
    return cv2.imdecode(np.frombuffer(buffer.read(), np.uint8), -1)


def modality(house: Any, item: Any, name: str) -> Any:
    """The item that a modality of that name leads to, once there is one."""

    def look() -> Any:
        found = [one for one in house.dl.items.get(item_id=item.id).modalities.list() if one.name == name]
        return found[0] if found else None

    return house.dl.items.get(item_id=house.until(look, READY_SECONDS).ref)


def rgb2gray(item):  # type: ignore[no-untyped-def]  # deployed as it stands here
    """
    Gray copy of an image, kept as its modality
    """
    import cv2
    import numpy as np

    buffer = item.download(save_locally=False)
    bgr = cv2.imdecode(np.frombuffer(buffer.read(), np.uint8), -1)
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    gray_item = item.dataset.items.upload(local_path=gray, remote_path="/gray" + item.dir, remote_name=item.name)
    item.modalities.create(name="gray", ref=gray_item.id)
    item.update(system_metadata=True)


@needs(CURRENT, "execute(item_id=...) without a project")
def test_single_function(house: Any, dataset: Any, picture: Path) -> None:
    item = dataset.items.upload(local_path=[str(picture)], remote_path="/folder_name")
    service = house.project.services.deploy(func=rgb2gray, service_name="grayscale-item-service")
    execution = house.ended(service.execute(item_id=item.id, function_name="rgb2gray"), READY_SECONDS)
    assert execution.latest_status["status"] == "success", execution.latest_status
    gray = modality(house, item, "gray")
    assert gray.filename == "/gray/folder_name/hamster.jpg"
    assert image_of(gray).shape == (SIDE, SIDE)
    expected = cv2.cvtColor(image_of(item), cv2.COLOR_BGR2GRAY).astype(int)
    assert abs(image_of(gray).astype(int) - expected).mean() < 3
    service.delete()


IMAGE_PROCESS = """
import dtlpy as dl
import cv2
import numpy as np


class ImageProcess(dl.BaseServiceRunner):
    @staticmethod
    def rgb2gray(item: dl.Item):
        buffer = item.download(save_locally=False)
        bgr = cv2.imdecode(np.frombuffer(buffer.read(), np.uint8), -1)
        gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        gray_item = item.dataset.items.upload(local_path=gray, remote_path='/gray' + item.dir, remote_name=item.name)
        item.modalities.create(name='gray', ref=gray_item.id)
        item.update(system_metadata=True)

    @staticmethod
    def clahe_equalization(item: dl.Item):
        buffer = item.download(save_locally=False)
        bgr = cv2.imdecode(np.frombuffer(buffer.read(), np.uint8), -1)
        planes = list(cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB)))
        clahe = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))
        planes[0] = clahe.apply(planes[0])
        equalized = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_LAB2BGR)
        made = item.dataset.items.upload(local_path=equalized, remote_path='/equ' + item.dir, remote_name=item.name)
        item.modalities.create(name='equ', ref=made.id)
        item.update(system_metadata=True)
"""


def test_multiple_functions(house: Any, dataset: Any, picture: Path, tmp_path: Path) -> None:
    dl = house.dl
    (tmp_path / "main.py").write_text(IMAGE_PROCESS)
    item_input = [dl.FunctionIO(type=dl.PackageInputType.ITEM, name="item")]
    modules = [
        dl.PackageModule(
            name="image-processing-module",
            entry_point="main.py",
            class_name="ImageProcess",
            functions=[
                dl.PackageFunction(name="rgb2gray", description="Converting RGB to gray", inputs=item_input),
                dl.PackageFunction(name="clahe_equalization", description="CLAHE", inputs=item_input),
            ],
        )
    ]
    package = house.project.packages.push(package_name="image-processing", modules=modules, src_path=str(tmp_path))
    service = package.services.deploy(
        service_name="image-processing",
        runtime=dl.KubernetesRuntime(concurrency=32),
        module_name="image-processing-module",
    )
    filters = dl.Filters()
    filters.add(field="datasetId", values=dataset.id)
    filters.add(field="dir", values="/")  # or the gray copies, which are items too, would be equalized in their turn
    for name, function, mode, action in (
        ("image-processing2", "clahe_equalization", dl.TriggerExecutionMode.ONCE, dl.TriggerAction.CREATED),
        ("image-processing-rgb", "rgb2gray", dl.TriggerExecutionMode.ALWAYS, dl.TriggerAction.UPDATED),
    ):
        service.triggers.create(
            name=name,
            function_name=function,
            execution_mode=mode,
            resource=dl.TriggerResource.ITEM,
            actions=action,
            filters=filters,
        )
    item = dataset.items.upload(local_path=[str(picture)])
    equalized = modality(house, item, "equ")
    assert image_of(equalized).shape == (SIDE, SIDE, 3)
    assert image_of(equalized).std() > image_of(item).std()
    assert image_of(modality(house, item, "gray")).shape == (SIDE, SIDE)  # of the update that equalizing made
    done = [one for one in service.executions.list().all() if one.function_name == "clahe_equalization"]
    assert len(done) == 1
    service.log(follow=False)
    service.pause()
    assert dl.services.get(service_id=service.id).active is False


@needs(CURRENT, "execute(item_id=...) without a project")
def test_multiple_modules(house: Any, tmp_path: Path) -> None:
    dl = house.dl
    for name in ("first", "second"):
        code = f"class ServiceRunner:\n    def run(self, item):\n        return '{name} ' + item.name\n"
        (tmp_path / f"{name}_module_main.py").write_text(code)
    modules = [
        dl.PackageModule(
            name=f"{name}-module",
            entry_point=f"{name}_module_main.py",
            functions=[
                dl.PackageFunction(name="run", inputs=[dl.FunctionIO(name="item", type=dl.PackageInputType.ITEM)])
            ],
        )
        for name in ("first", "second")
    ]
    package = house.project.packages.push(package_name="two-modules-test", modules=modules, src_path=str(tmp_path))
    material = house.project.datasets.create(dataset_name="two-modules")
    buffer = io.BytesIO(b"x")
    buffer.name = "a.txt"
    item = material.items.upload(buffer)
    for name in ("first", "second"):
        service = package.deploy(module_name=f"{name}-module", service_name=f"{name}-module-test-service")
        ended = house.ended(service.execute(item_id=item.id), READY_SECONDS)
        assert ended.output == f"{name} a.txt", ended.latest_status
        service.delete()


@needs(CURRENT, "execute(item_id=...) without a project")
def test_execution_termination(house: Any, dataset: Any) -> None:
    code = """
    import dtlpy as dl

    class ServiceRunner(dl.BaseServiceRunner):
        def detect(self, item: dl.Item):
            foo = 0
            self.kill_event()
            bar = 1
            import time
            for _ in range(100):
                self.kill_event()
                time.sleep(1)
            return
    """
    service = house.service(code, {"detect": {"item": "Item"}})
    buffer = io.BytesIO(b"x")
    buffer.name = "a.txt"
    execution = service.execute(item_id=dataset.items.upload(buffer).id, function_name="detect")
    status = lambda: house.dl.executions.get(execution_id=execution.id).latest_status["status"]  # noqa: E731
    house.until(lambda: status() == "in-progress", READY_SECONDS)
    execution.terminate()
    last = house.ended(execution).latest_status
    assert last["status"] == "failed"
    assert "termination signal" in last["message"]


def test_execution_timeout(house: Any) -> None:
    code = """
    import time

    class ServiceRunner:
        def run(self):
            time.sleep(60)
    """
    service = house.service(code, {"run": {}})
    for on_reset, words in (
        ("failed", ["created", "in-progress", "failed"]),
        ("rerun", ["created", "in-progress", "rerun", "in-progress", "rerun", "in-progress", "failed"]),
    ):
        service.execution_timeout = 1
        service.on_reset = on_reset
        service = service.update()
        ended = house.ended(house.call(service))
        assert [entry["status"] for entry in ended.status] == words
        assert any("Execution stopped due to runner timeout" in entry.get("message", "") for entry in ended.status)


FACE_DETECTOR = """
import os
import cv2
import dtlpy as dl
import numpy as np


class ServiceRunner:
    def __init__(self, model_filename: str, min_confidence: float):
        print("[INFO] loading model...")
        self.weights = np.loadtxt(os.path.join(os.getcwd(), model_filename))
        self.min_confidence = min_confidence

    def detect(self, item: dl.Item):
        print("[INFO] downloading image...")
        filename = item.download()
        try:
            image = cv2.imread(filename)
            (h, w) = image.shape[:2]
            print("[INFO] uploading annotations...")
            builder = item.annotations.builder()
            for confidence in self.weights:
                if confidence > self.min_confidence:
                    builder.add(
                        annotation_definition=dl.Box(top=1, left=1, right=w - 1, bottom=h - 1, label='person'),
                        model_info={'name': 'Caffe', 'confidence': confidence},
                    )
            builder.upload()
            print("[INFO] Done!")
        finally:
            os.remove(filename)
"""


def test_model_annotations_service(house: Any, dataset: Any, picture: Path, tmp_path: Path) -> None:
    dl = house.dl
    (tmp_path / "main.py").write_text(textwrap.dedent(FACE_DETECTOR))
    (tmp_path / "weights.txt").write_text("0.9\n0.2\n0.7\n")
    (tmp_path / "requirements.txt").write_text("numpy\nopencv-python-headless\n")
    module = dl.PackageModule(
        init_inputs=[
            dl.FunctionIO(name="model_filename", type=dl.PackageInputType.STRING),
            dl.FunctionIO(name="min_confidence", type=dl.PackageInputType.FLOAT),
        ],
        functions=[
            dl.PackageFunction(name="detect", inputs=[dl.FunctionIO(name="item", type=dl.PackageInputType.ITEM)])
        ],
    )
    package = house.project.packages.push(src_path=str(tmp_path), package_name="face-detector", modules=[module])
    service = package.deploy(
        service_name="face-detector",
        init_input=[
            dl.FunctionIO(name="model_filename", type=dl.PackageInputType.STRING, value="weights.txt"),
            dl.FunctionIO(name="min_confidence", type=dl.PackageInputType.FLOAT, value=0.5),
        ],
        runtime=dl.KubernetesRuntime(concurrency=1),
    )
    filters = dl.Filters(resource=dl.FiltersResource.ITEM)
    filters.add(field="metadata.system.mimetype", values="image*")
    service.triggers.create(
        name="face-detector",
        function_name="detect",
        resource=dl.TriggerResource.ITEM,
        actions=dl.TriggerAction.CREATED,
        filters=filters,
    )
    item = dataset.items.upload(local_path=str(picture))
    text = io.BytesIO(b"no image")
    text.name = "a.txt"
    other = dataset.items.upload(text)
    found = house.until(lambda: list(dl.items.get(item_id=item.id).annotations.list()), READY_SECONDS)
    assert [one.label for one in found] == ["person", "person"]
    assert sorted(one.metadata["user"]["model"]["confidence"] for one in found) == [0.7, 0.9]
    assert "[INFO] Done!" in house.logged(service, "[INFO] Done!")
    done = [execution.input["item"]["item_id"] for execution in service.executions.list().all()]
    assert item.id in done
    assert other.id not in done
