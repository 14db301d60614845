"""The story: a platform starts, a service is deployed, photographs are uploaded, faces are found, everything stops.

Run by ``make demo`` with an interpreter that has the real SDK. Nothing here knows the platform but by its command and
address. Leaves ``build/demo/faces.png`` and an exit code: 0 when every execution succeeded and the faces were found.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from picture import draw
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

EXAMPLES = Path(__file__).parents[1]
BUILD = EXAMPLES.parent / "build/demo"
WITH_FACES = {"astronaut.png", "grace_hopper.jpg"}
ENDED = {"success", "failed", "aborted", "canceled", "terminated", "system-failure"}
LONGEST_SECONDS = 900
"""For all executions: on a first run the service's environment is downloaded and built."""

OUT = Console()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faas", type=Path, default=EXAMPLES.parent / ".venv/bin/faas")
    faas = parser.parse_args().faas
    BUILD.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faas-demo-") as folder:
        with step("photographs, from packages that carry some"):
            photos = find_photos(faas)
        with platform(faas, Path(folder)) as (url, admin):
            executions = tell(url, admin, photos, Path(folder))
        OUT.print("  stopped: the platform and everything it started")
    OUT.print(f"\n{len(executions)} executions in a story of {time.monotonic() - began:.0f} s")
    return judge(executions)


def tell(url: str, admin: dict[str, str], photos: list[Path], folder: Path) -> list[dict[str, Any]]:
    """The story itself, with the real SDK. Returns what became of each photograph."""
    os.environ["DATALOOP_PATH"] = str(folder / "dataloop")
    with step("the SDK, unmodified, logs in"):
        import dtlpy as dl

        quiet(dl)
        dl.client_api.add_environment(
            environment=f"{url}/api/v1", gate_url=url, alias="faas", url=f"{url}/", verify_ssl=True
        )
        dl.setenv("faas")
        assert dl.login_m2m(**admin), "the platform refused its own admin"
    with step("project, dataset"):
        project = dl.projects.create(project_name="story")
        dataset = project.datasets.create(dataset_name="photographs")
    with step("push examples/face_detection, deploy it, bind it to uploaded images"):
        service = deploy(dl, project, folder)
    with step(f"upload {len(photos)} photographs"):
        items = {photo.name: dataset.items.upload(local_path=str(photo)) for photo in photos}
    found = wait(service, items)
    show(found)
    OUT.print("\n[bold]service.log()[/bold]")
    service.log(view=True)
    with step(f"draw {BUILD / 'faces.png'}"):
        boxes = {name: faces_of(items[name]) for name in items}
        draw(photos, boxes, BUILD / "faces.png")
    for row in found:
        row["boxes"] = len(boxes[row["name"]])
    return found


def deploy(dl: Any, project: Any, folder: Path) -> Any:
    """As in the manual's face-detector tutorial: push, deploy with init inputs, trigger."""
    os.chdir(folder)  # the SDK takes code from below the working directory only, and keeps its zips there
    source = shutil.copytree(EXAMPLES / "face_detection", folder / "face_detection")
    declared = json.loads((source / "package.json").read_text())
    package = project.packages.push(
        package_name=declared["name"],
        src_path=str(source),
        modules=[dl.PackageModule.from_json(module) for module in declared["modules"]],
    )
    service = package.deploy(
        service_name="face-detector",
        init_input=[
            dl.FunctionIO(name="cascade_filename", type="String", value="haarcascade_frontalface_alt2.xml"),
            dl.FunctionIO(name="min_neighbors", type="Integer", value=5),
            dl.FunctionIO(name="min_size", type="Integer", value=48),
        ],
        runtime=dl.KubernetesRuntime(concurrency=2),
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
    return service


def wait(service: Any, items: dict[str, Any]) -> list[dict[str, Any]]:
    """Until the trigger has made an execution for each item and each has ended."""
    until = time.monotonic() + LONGEST_SECONDS
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=OUT) as progress:
        task = progress.add_task("executions", total=len(items))
        while time.monotonic() < until:
            by_item = {one.input["item"]["item_id"]: one for one in service.executions.list().all()}
            ended = {key: one for key, one in by_item.items() if one.latest_status["status"] in ENDED}
            state = "running" if by_item and ended else "the service starts: environment, code, model"
            progress.update(task, completed=len(ended), description=state)
            if len(ended) == len(items):
                break
            time.sleep(0.3)
    return [described(name, item, ended.get(item.id)) for name, item in items.items()]


def described(name: str, item: Any, execution: Any) -> dict[str, Any]:
    if execution is None:
        return {"name": name, "item": item.id, "status": "not ended", "attempts": 0, "seconds": 0.0, "faces": None}
    return {
        "name": name,
        "item": item.id,
        "status": execution.latest_status["status"],
        "attempts": execution.attempts,
        "seconds": execution.duration,
        "faces": execution.output,
    }


def show(found: list[dict[str, Any]]) -> None:
    table = Table("item", "status", "attempts", "duration", "boxes found")
    for row in found:
        style = "green" if row["status"] == "success" else "red"
        values = (row["name"], row["status"], str(row["attempts"]), f"{row['seconds']:.2f} s", str(row["faces"]))
        table.add_row(*values, style=style)
    OUT.print(table)


def faces_of(item: Any) -> list[tuple[float, float, float, float]]:
    """The boxes that the service uploaded, as (left, top, right, bottom)."""
    return [(one.left, one.top, one.right, one.bottom) for one in item.annotations.list() if one.label == "face"]


def judge(found: list[dict[str, Any]]) -> int:
    """Every execution succeeded, each face photograph has a box, no other has one."""
    wrong = [
        row["name"]
        for row in found
        if row["status"] != "success"
        or (row["boxes"] > 0) != (row["name"] in WITH_FACES)
        or row["boxes"] != row["faces"]
    ]
    if wrong:
        OUT.print(f"[red]not as expected: {', '.join(wrong)}[/red]")
    return 1 if wrong else 0


def find_photos(faas: Path) -> list[Path]:
    """Kept in ``build/demo/photos`` from the first run on."""
    folder = BUILD / "photos"
    if not folder.exists():
        fresh = BUILD / "photos.new"
        photos = EXAMPLES / "story/photos.py"
        subprocess.run([faas.parent / "python", photos, fresh], check=True, stdout=subprocess.DEVNULL)
        fresh.rename(folder)
    return sorted(folder.iterdir(), key=lambda path: (path.name not in WITH_FACES, path.name))


def quiet(dl: Any) -> None:
    """The story has its own words."""
    logging.getLogger("dtlpy").setLevel(logging.ERROR)
    dl.verbose.disable_progress_bar = True


@contextmanager
def step(what: str) -> Iterator[None]:
    """One line: what, and how long it took."""
    began = time.monotonic()
    with OUT.status(what):
        yield
    OUT.print(f"  {what} [dim]{time.monotonic() - began:.1f} s[/dim]")


@contextmanager
def platform(faas: Path, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """``faas up`` on embedded defaults and a free port; stopped at the end, whatever happens."""
    command = [faas, "up", "--port", "0", "--data-dir", folder / "data"]
    environment = os.environ | {"FAAS_CACHE_DIR": str(BUILD / "cache")}
    with (
        (BUILD / "platform.log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as server,
    ):
        try:
            with step("the platform starts"):
                line = server.stdout.readline() if server.stdout else ""
            if not line.startswith("ready "):
                sys.exit(f"the platform did not start; see {BUILD / 'platform.log'}")
            OUT.print(f"  {line.strip()}")
            known = json.loads((folder / "data/credentials.json").read_text())
            yield line.split()[1], {"email": known["email"], "password": known["password"]}
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    if server.returncode != 0:
        sys.exit(f"the platform ended with {server.returncode}; see {BUILD / 'platform.log'}")


if __name__ == "__main__":
    sys.exit(main())
