"""``dlp items``: list, upload, download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faas_agent.cli import output, session
from faas_agent.cli.commands import options
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faas_agent.cli.drawing import Kind
    from faas_agent.cli.parallel import Ended, Thing

items = typer.Typer()
COLUMNS = {"path": "filename", "id": "id", "bytes": "metadata.system.size", "type": "metadata.system.mimetype"}
PLAIN: list[Json] = [{"hidden": False}, {"type": "file"}]
SHOWN_FAILURES = 20

RemotePath = Annotated[str | None, typer.Option("-r", "--remote-path", help="Remote path; may hold *")]
Overwrite = Annotated[bool, typer.Option("-ow", "--overwrite", help="Overwrite what exists")]


@items.command("ls")
def list_page(
    *,
    project_name: options.Project = None,
    dataset_name: options.Dataset = None,
    page: Annotated[int, typer.Option("-o", "--page", min=0, help="Page number")] = 0,
    remote_path: RemotePath = None,
    type: Annotated[str | None, typer.Option("-t", "--type", help="Item type, e.g. image/png")] = None,
    as_json: options.AsJson = False,
) -> None:
    """List a page of the items of a dataset."""
    client = session.connect()
    dataset_id = session.dataset(client, dataset_name, project_name)["id"]
    kind = [{"metadata.system.mimetype": type}] if type is not None else []
    query = {"resource": "items", "filter": _filter(remote_path, kind), "page": page, "pageSize": 1000}
    found = client.post(f"/datasets/{dataset_id}/query", query)
    output.table(found["items"], COLUMNS, as_json)
    if not as_json:
        output.note(f"Displaying page {page}/{max(found.get('totalPagesCount', 1) - 1, 0)}")


@items.command()
def upload(
    *,
    local_path: Annotated[str, typer.Option("-l", "--local-path", help="A file, a folder, or 'folder/*'")],
    project_name: options.Project = None,
    dataset_name: options.Dataset = None,
    remote_path: RemotePath = None,
    file_types: Annotated[str | None, typer.Option("-f", "--file-types", help='E.g. ".jpg,.png", else all')] = None,
    local_annotations_path: Annotated[
        str | None, typer.Option("-lap", "--local-annotations-path", help="Folder of annotation JSON files")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Upload a file or a folder to a dataset."""
    from faas_agent.cli.parallel import each
    from faas_agent.cli.upload import plan, send

    files = plan(local_path, remote_path, file_types, local_annotations_path)
    client = session.connect()
    dataset_id = session.dataset(client, dataset_name, project_name)["id"]
    ended = each(lambda file: send(client, dataset_id, file, overwrite), files)
    _account("Uploading", len(files), ((str(one.thing.local), one) for one in ended))


@items.command()
def download(
    *,
    project_name: options.Project = None,
    dataset_name: options.Dataset = None,
    annotation_options: Annotated[
        str | None, typer.Option("-ao", "--annotation-options", help="Annotations as json, mask, instance")
    ] = None,
    annotation_filter_type: Annotated[
        str | None, typer.Option("-aft", "--annotation-filter-type", help="Only of these types: box,segment,...")
    ] = None,
    annotation_filter_label: Annotated[
        str | None, typer.Option("-afl", "--annotation-filter-label", help="Only of these labels")
    ] = None,
    remote_path: RemotePath = None,
    overwrite: Overwrite = False,
    not_items_folder: Annotated[
        bool, typer.Option("-t", "--not-items-folder", help="Download without the folder 'items'")
    ] = False,
    with_text: Annotated[bool, typer.Option("-wt", "--with-text", help="Write labels into masks")] = False,
    thickness: Annotated[
        int, typer.Option("-th", "--thickness", min=-1, max=100, help="Of lines in masks; -1 fills the shapes")
    ] = 1,
    local_path: Annotated[Path | None, typer.Option("-l", "--local-path", help="Local folder")] = None,
    without_binaries: Annotated[bool, typer.Option("-wb", "--without-binaries", help="Annotations only")] = False,
) -> None:
    """Download the items of a dataset to a folder."""
    from faas_agent.cli.download import Wish, fetch, palette
    from faas_agent.cli.parallel import each

    kinds = _kinds(annotation_options)
    annotations = _conditions(annotation_filter_type, annotation_filter_label)
    client = session.connect()
    dataset = session.dataset(client, dataset_name, project_name)
    folder = local_path or Path.cwd() / dataset["name"]
    drawn: list[Kind] = [kind for kind in ("mask", "instance") if kind in kinds]
    style = None
    if drawn:
        from faas_agent.cli.drawing import Style

        style = Style(palette(client, dataset["id"]), thickness, with_text)
    binaries = not without_binaries
    wish = Wish(folder, not not_items_folder, binaries, overwrite, annotations, "json" in kinds, drawn, style)
    query = {"resource": "items", "filter": _filter(remote_path, [])}
    found = list(client.by_id(f"/datasets/{dataset['id']}/query", query))
    ended = each(lambda item: fetch(client, item, wish), found)
    _account("Downloading", len(found), ((item.thing["filename"], item) for item in ended))
    output.note(f"in {folder}")


def _kinds(wanted: str | None) -> set[str]:
    kinds = {kind.strip() for kind in (wanted or "").split(",") if kind.strip()}
    unknown = kinds - {"json", "mask", "instance"}
    if unknown:
        raise UsageError(f"annotations come as json, mask or instance, not as {', '.join(sorted(unknown))}")
    return kinds


def _conditions(types: str | None, labels: str | None) -> list[Json]:
    lists = {"type": types, "label": labels}
    return [{key: {"$in": [one.strip() for one in text.split(",")]}} for key, text in lists.items() if text]


def _filter(remote_path: str | None, conditions: list[Json]) -> Json:
    found: Json = {"$and": [*PLAIN, *conditions]}
    paths = [path.strip() for path in (remote_path or "").split(",") if path.strip()]
    if paths:
        found["$or"] = [{"filename": _glob(path)} for path in paths]
    return found


def _glob(path: str) -> str:
    """A folder means all that is below it, as in the SDK."""
    absolute = path if path.startswith(("/", "*")) else "/" + path
    is_one = absolute.endswith("*") or "." in absolute.rsplit("/", 1)[-1]
    return absolute if is_one else absolute.rstrip("/") + "/**"


def _account(title: str, total: int, ended: Iterable[tuple[str, Ended[Thing]]]) -> None:
    """Show how it goes and what became of it. Raises for the exit code when something failed."""
    from collections import Counter

    from faas_agent.errors import FaasError

    outcomes: Counter[str] = Counter()
    with output.progress(title, total) as advance:
        for name, one in ended:
            advance()
            outcomes[one.outcome] += 1
            if one.failure is not None and outcomes["failed"] <= SHOWN_FAILURES:
                output.note(f"{output.printable(name)}: {one.failure}")
    output.say(", ".join(f"{outcome}: {count}" for outcome, count in sorted(outcomes.items())) or "nothing to do")
    if outcomes["failed"]:
        raise FaasError(f"{outcomes['failed']} of {total} files failed; run the same command again for the rest")
