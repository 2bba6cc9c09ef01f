"""Only the chosen series of a study leave the archive, by every protocol; patients are asked for by identifier."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from idh_tasks.codes import Code
from idh_tasks.endpoints import DicomwebSettings, PacsSettings
from idh_tasks.errors import StudyExcludedError
from idh_tasks.intake.transport import dicomweb, find, retrieve
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy
from idh_tasks.local import orthanc
from tests.factories import MARKER_ID
from tests.integration.test_pacs import archive, pacs, send, study

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")

__all__ = ["archive", "pacs"]

UID = "1.2.826.0.1.41"
BRAIN = {"StudyDescription": "MRT Schädel", "BodyPartExamined": "HEAD", "SpecificCharacterSet": "ISO_IR 192"}


@pytest.fixture(scope="module")
def two_series(pacs: PacsSettings, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the instances of the first of two series that the PACS holds; the second one is a localizer."""
    instances = study(UID, 10, **BRAIN)
    for ds in instances:
        ds.SeriesDescription = "T1" if ds.SeriesInstanceUID.endswith(".1") else "localizer"
    send(pacs, instances, tmp_path_factory.mktemp("two"))
    return {ds.SOPInstanceUID for ds in instances if ds.SeriesDescription == "T1"}


def no_localizer(listed: PacsStudy, series: Sequence[PacsSeries]) -> frozenset[str]:
    assert (listed.study_uid, listed.description, listed.series) == (UID, "MRT Schädel", 2)
    assert {(one.description, one.modality, one.body_part, one.instances) for one in series} == {
        ("T1", "MR", "HEAD", 5),
        ("localizer", "MR", "HEAD", 5),
    }
    return frozenset(one.series_uid for one in series if one.description != "localizer")


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_only_chosen_series_are_retrieved_by_dimse(
    pacs: PacsSettings, two_series: set[str], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[str] = []
    series_queries = retrieve._series_queries

    def noted(*values: object) -> list[object]:
        queries = list(series_queries(*values))  # type: ignore[arg-type]
        requested.extend(str(query.SeriesInstanceUID) for query in queries)
        return list(queries)

    monkeypatch.setattr(retrieve, "_series_queries", noted)
    asked = pacs.model_copy(update={"retrieve": how})
    received: dict[str, bytes] = {}
    retrieve.retrieve(asked, UID, find.list_study(asked, UID, no_localizer), received)
    assert set(received) == two_series
    assert requested == [f"{UID}.1"]


def test_only_chosen_series_are_retrieved_by_dicomweb(
    archive: DicomwebSettings, two_series: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[str] = []
    files = dicomweb._files

    def noted(settings: DicomwebSettings, path: str) -> Iterator[bytes]:
        requested.append(path)
        return files(settings, path)

    monkeypatch.setattr(dicomweb, "_files", noted)
    received: dict[str, bytes] = {}
    dicomweb.retrieve(archive, UID, received, no_localizer)
    assert set(received) == two_series
    assert requested == [f"{UID}/series/{UID}.1"]


def test_a_study_that_is_excluded_by_its_series_is_not_retrieved(
    pacs: PacsSettings, archive: DicomwebSettings, two_series: set[str]
) -> None:
    def refuse(*_: object) -> frozenset[str]:
        raise StudyExcludedError(Code.W_NOT_SELECTED, "limb")

    with pytest.raises(StudyExcludedError, match="limb"):
        find.list_study(pacs, UID, refuse)
    with pytest.raises(StudyExcludedError, match="limb"):
        dicomweb.retrieve(archive, UID, {}, refuse)


def test_the_studies_of_a_patient_are_listed_whatever_their_date(
    pacs: PacsSettings, archive: DicomwebSettings, two_series: set[str], tmp_path: Path
) -> None:
    send(pacs, study("1.2.826.0.1.42", 1, StudyDate="19950102", PatientID="Q1"), tmp_path)
    for listed in (
        list(find.find_patient_studies(pacs, ["Q1", "NOBODY", MARKER_ID])),
        list(dicomweb.find_patient_studies(archive, ["Q1", "NOBODY", MARKER_ID])),
    ):
        old, nobody, known = listed
        assert [(one.study_uid, one.study_date, one.patient_id) for one in old] == [
            ("1.2.826.0.1.42", "19950102", "Q1")
        ]
        assert nobody == []
        assert UID in {one.study_uid for one in known}
