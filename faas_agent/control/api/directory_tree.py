"""The folders of a dataset as a tree (ENDPOINTS 4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.datasets import fetch_dataset
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.place import ROOT
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.tables import ITEMS

router = APIRouter(tags=["datasets"])


@router.get("/datasets/{dataset_id}/directoryTree")
def directory_tree(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> dict[str, Any]:
    """From the root down; each node has a folder as ``value`` and the folders in it as ``children``."""
    with platform.store.read() as session:
        dataset = fetch_dataset(session, caller, dataset_id)
        folders = session.documents(ITEMS).find("filename", dataset_id=dataset["id"], type="dir")
    return tree([specs.on_the_wire(folder, platform.gate_url) for folder in folders], dataset["id"])


def tree(folders: list[Document], dataset_id: str) -> dict[str, Any]:
    """Every folder below the one it is in. The root is there even if nobody made an item of it."""
    root: Document = {"id": None, "datasetId": dataset_id, "type": "dir", "metadata": {"system": {}}}
    root |= {"filename": ROOT.filename, "name": ROOT.name, "dir": None}
    nodes: dict[str, dict[str, Any]] = {
        folder["filename"]: {"value": folder, "children": []} for folder in [root, *folders]
    }
    for filename, node in nodes.items():
        if filename != ROOT.filename:
            nodes[node["value"]["dir"]]["children"].append(node)
    return nodes[ROOT.filename]
