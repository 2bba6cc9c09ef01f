"""The route of an upload takes a file of any bytes in memory; every other route stays as strict as it was."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from idh_airflow.ui import outlines
from idh_airflow.ui.app import pages
from idh_airflow.ui.security import MOST_BYTES

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, ObjectVanishedError, RunRefusedError, StudyQuarantinedError
from idh_tasks.pipelines.review import outlines as pipeline

STUDY = "0" * 24
ADDRESS = f"/studies/{STUDY}/outline"
MARY = SimpleNamespace(get_name=lambda: "mary")


class Submitted(list[tuple[str, bytes, str]]):
    """What reached the pipeline, the DAGs that were started, and how the pipeline refuses."""

    started: list[str]
    refusal: IdhError | None = None

    def submit(self, _: object, study_id: str, content: bytes, operator: str) -> None:
        if self.refusal:
            raise self.refusal
        self.append((study_id, content, operator))


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> Submitted:
    found = Submitted()
    found.started = []
    monkeypatch.setattr(pipeline, "submit", found.submit)
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    monkeypatch.setattr(outlines, "started", lambda _, dag_id, __: found.started.append(dag_id))
    return found


@pytest.fixture
def client(submitted: Submitted) -> Iterator[TestClient]:
    """Return a browser of Mary, who may do everything."""
    assert submitted == []
    needed = [d.dependency for r in pages.routes if isinstance(r, APIRoute) for d in r.dependencies]
    overrides: dict[Any, Any] = {dependency: (lambda: None) for dependency in filter(None, needed)}
    overrides |= {get_user: lambda: MARY, _get_session: lambda: None}
    with pytest.MonkeyPatch.context() as patched:
        for dependency, replacement in overrides.items():
            patched.setitem(pages.dependency_overrides, dependency, replacement)
        yield TestClient(pages, follow_redirects=False)


def test_a_file_of_any_bytes_is_submitted_and_preprocessing_starts(client: TestClient, submitted: Submitted) -> None:
    content = bytes(range(256)) * 8_000
    assert len(content) > MOST_BYTES
    answer = client.post(ADDRESS, files={"outline": ("Mustermann.nii", content)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/studies/{STUDY}")
    assert submitted == [(STUDY, content, "mary")]
    assert submitted.started == ["preprocess_studies"]


def test_no_file_is_written_to_the_disk(
    client: TestClient, submitted: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rollover(_: object) -> None:
        raise AssertionError("the file was written to the disk")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", rollover)
    client.post(ADDRESS, files={"outline": ("outline.nii", bytes(19_000_000))})
    assert len(submitted) == 1


def test_a_larger_file_is_refused(client: TestClient, submitted: Submitted) -> None:
    assert client.post(ADDRESS, files={"outline": ("outline.nii", bytes(20_000_000))}).status_code == 413
    assert submitted == []


@pytest.mark.parametrize("path", [f"/studies/{STUDY}/exclude", f"{ADDRESS}/", "/studies/x/outline", "/held/readmit"])
def test_every_other_route_takes_a_small_form_without_nul(client: TestClient, path: str) -> None:
    assert client.post(path, files={"outline": ("outline.nii", bytes(MOST_BYTES))}).status_code == 413
    assert client.post(path, files={"outline": ("outline.nii", bytes(10))}).status_code == 422


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"outline": "no file"}},
        {"files": {"other": ("outline.nii", b"x")}},
        {"files": [("outline", ("a", b"x")), ("outline", ("b", b"x"))]},
        {"files": {"outline": ("outline.nii", b"x")}, "data": {"why": "a field"}},
        {"content": b"nothing", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"--x\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"x"},
    ],
    ids=["text", "another field", "two files", "a field", "no parts", "broken", "no boundary", "no type"],
)
def test_what_is_no_form_with_one_file_is_refused(
    client: TestClient, submitted: Submitted, sent: dict[str, Any]
) -> None:
    assert client.post(ADDRESS, **sent).status_code == 422
    assert submitted == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (StudyQuarantinedError(Code.E_ROI, "the mask is empty"), 422),
        (RunRefusedError(Code.E_REVIEW, "there is no such study"), 409),
    ],
)
def test_a_refusal_names_its_reason(client: TestClient, submitted: Submitted, refusal: IdhError, status: int) -> None:
    submitted.refusal = refusal
    answer = client.post(ADDRESS, files={"outline": ("outline.nii", b"x")}, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert refusal.reason[1:] in answer.text
    assert submitted.started == []


def test_downloads_have_names_of_ours_and_what_is_missing_is_not_found(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanished(*_: object) -> bytes:
        raise ObjectVanishedError(Code.W_VANISHED, "the object does not exist")

    monkeypatch.setattr(pipeline, "series", lambda *_: b"archive")
    monkeypatch.setattr(pipeline, "outline", vanished)
    answer = client.get(f"/studies/{STUDY}/series/{'1' * 24}.zip")
    assert answer.content == b"archive"
    assert answer.headers["content-disposition"] == 'attachment; filename="00000000-11111111.zip"'
    assert client.get(f"/studies/{STUDY}/outline.nii.gz").status_code == 404
