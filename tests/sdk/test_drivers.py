"""Storage drivers through the real SDK: the default one, and those a script registers (ENDPOINTS 11)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http


def create(dl: ModuleType, project: Any) -> Any:
    """A driver of the project."""
    return project.drivers.create(
        name=f"driver-{uuid.uuid4().hex[:8]}",
        driver_type=dl.ExternalStorage.S3,
        integration_id=str(uuid.uuid4()),
        integration_type=dl.IntegrationType.S3,
        bucket_name="bucket",
        region="eu-west-1",
    )


def test_a_dataset_is_on_a_driver_that_can_be_got(project: Any, dataset: Any) -> None:
    default = project.drivers.get(driver_id=dataset.driver)
    assert default.id in [one.id for one in project.drivers.list()]
    assert project.drivers.get(driver_name=default.name).id == default.id


def test_a_driver_is_made_found_and_deleted(dl: ModuleType, project: Any) -> None:
    made = create(dl, project)
    got = project.drivers.get(driver_id=made.id)
    assert (got.name, got.type, got.bucket_name, got.region) == (made.name, "s3", "bucket", "eu-west-1")
    assert got.delete(sure=True, really=True)
    with pytest.raises(dl.exceptions.NotFound):
        project.drivers.get(driver_id=made.id)


def test_a_driver_with_datasets_stays(dl: ModuleType, project: Any, admin: Http) -> None:
    made = create(dl, project)
    dataset = project.datasets.create(dataset_name=f"on-{made.name}", driver=made)
    assert "datasets" in admin.refused("DELETE", f"/drivers/{made.id}")[1]
    dataset.delete(sure=True, really=True)
    assert admin("DELETE", f"/drivers/{made.id}").ok


def test_the_default_driver_stays(dataset: Any, admin: Http) -> None:
    assert admin.refused("DELETE", f"/drivers/{dataset.driver}")[0] == 403


def test_outsiders_and_bad_input_are_refused(dl: ModuleType, project: Any, admin: Http) -> None:
    made = create(dl, project)
    _, somebody = admin.person()
    for method in ("GET", "DELETE"):
        assert somebody.refused(method, f"/drivers/{made.id}")[0] == 403
        assert admin.anonymous().refused(method, f"/drivers/{made.id}")[0] == 401
    assert somebody.refused("GET", f"/drivers?projectId={project.id}")[0] == 403
    assert admin.refused("GET", "/drivers")[0] == 400
    assert admin.refused("GET", "/drivers/123")[0] == 400
    assert admin.refused("GET", f"/drivers/{'0' * 24}")[0] == 404
    good = {"name": "x", "type": "s3", "metadata": {"system": {"projectId": project.id}}}
    for wrong in (
        {"name": ""},
        {"name": 5},
        {"type": None},
        {"metadata": 5},
        {"metadata": {"system": {"projectId": 5}}},
    ):
        assert admin.refused("POST", "/drivers", good | wrong)[0] == 400
    assert admin("DELETE", f"/drivers/{made.id}").ok
