"""What the ledger asks a real Orthanc, by DIMSE and by DICOMweb, and its change feed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from idh_tasks.endpoints import ChangesSettings, DicomwebSettings, PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport import dicomweb, find
from idh_tasks.intake.transport.changes import Changes, read_changes
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from tests.integration.test_pacs import send, study

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")

OLD, UNDATED, ABSENT = "1.2.826.0.1.71", "1.2.826.0.1.72", "1.2.826.0.1.73"


@pytest.fixture(scope="module")
def feed(installation: Installation) -> ChangesSettings:
    password = SecretStr(installation.secrets["orthanc_password"])
    return ChangesSettings(url=orthanc.address(installation), login=orthanc.USER, password=password, page=3)


@pytest.fixture(scope="module")
def start(feed: ChangesSettings) -> int:
    """Return where the feed is before the studies are sent."""
    return read_changes(feed, None).position


@pytest.fixture(scope="module")
def pacs(installation: Installation, start: int, tmp_path_factory: pytest.TempPathFactory) -> PacsSettings:
    """Return an Orthanc with a study of an old date and one without."""
    settings = orthanc.settings(installation)
    send(settings, study(OLD, 5, StudyDate="19950102"), tmp_path_factory.mktemp("old"))
    send(settings, study(UNDATED, 3, StudyDate=""), tmp_path_factory.mktemp("undated"))
    return settings


@pytest.fixture(scope="module")
def archive(installation: Installation, pacs: PacsSettings) -> DicomwebSettings:
    settings = orthanc.dicomweb(installation)
    if settings is None:
        pytest.skip("Orthanc's DICOMweb plugin is not installed")
    return settings


def test_studies_are_found_by_uid_whatever_their_date_alike_by_both_protocols(
    pacs: PacsSettings, archive: DicomwebSettings
) -> None:
    listed = find.find_known(pacs, [OLD, UNDATED, ABSENT])
    assert [(one.study_uid, one.study_date, one.instances, one.series) for one in listed] == [
        (UNDATED, "", 3, 2),
        (OLD, "19950102", 5, 2),
    ]
    assert all(one.modalities == {"MR"} and one.patient_id for one in listed)
    assert dicomweb.find_known(archive, [OLD, UNDATED, ABSENT]) == listed


def test_only_a_study_without_a_date_is_listed_as_undated(pacs: PacsSettings, archive: DicomwebSettings) -> None:
    assert [one.study_uid for one in find.find_undated(pacs)] == [UNDATED]
    assert [one.study_uid for one in dicomweb.find_undated(archive)] == [UNDATED]


def test_an_archive_that_cannot_list_everything_at_once_is_refused_by_name(pacs: PacsSettings) -> None:
    with pytest.raises(TransientError, match="E_QUERY_TRUNCATED"):
        find.find_undated(pacs.model_copy(update={"query_limit": 1}))


def test_series_come_with_their_numbers_of_instances(pacs: PacsSettings, archive: DicomwebSettings) -> None:
    expected = {OLD: frozenset({(f"{OLD}.1", 3), (f"{OLD}.2", 2)}), ABSENT: frozenset[tuple[str, int]]()}
    assert find.find_series(pacs, [OLD, ABSENT]) == expected
    assert dicomweb.find_series(archive, [OLD, ABSENT]) == expected


def complete(feed: ChangesSettings, since: int, uids: set[str]) -> Callable[[], bool]:
    return lambda: set(read_changes(feed, since).study_uids) >= uids


def test_the_feed_names_studies_that_have_become_complete_since_a_position(
    pacs: PacsSettings, feed: ChangesSettings, start: int
) -> None:
    assert wait_until(complete(feed, start, {OLD, UNDATED}), 60)
    changes = read_changes(feed, start)
    assert changes.position > start
    assert changes.gap is None
    assert read_changes(feed, changes.position) == Changes((), changes.position)


def test_a_position_from_before_the_feed_was_emptied_is_a_gap(pacs: PacsSettings, feed: ChangesSettings) -> None:
    changes = read_changes(feed, 10**9)
    assert changes.gap is not None
    assert changes.position < 10**9


def test_a_corrected_patient_id_is_a_change_and_another_fingerprint(
    pacs: PacsSettings, feed: ChangesSettings, installation: Installation, tmp_path: Path
) -> None:
    uid = "1.2.826.0.1.74"
    send(pacs, study(uid, 2), tmp_path)
    [before] = find.find_known(pacs, [uid])
    position = read_changes(feed, None).position
    address, login = orthanc.address(installation), (orthanc.USER, installation.secrets["orthanc_password"])
    [resource] = requests.post(f"{address}/tools/lookup", uid, auth=login, timeout=20).json()
    assert requests.delete(f"{address}/studies/{resource['ID']}", auth=login, timeout=20).status_code == 200
    assert find.find_known(pacs, [uid]) == []
    send(pacs, study(uid, 2, PatientID="CORRECTED"), tmp_path)
    assert wait_until(complete(feed, position, {uid}), 60)
    [after] = find.find_known(pacs, [uid])
    assert (after.instances, after.series, after.study_date) == (before.instances, before.series, before.study_date)
    assert after.patient_id == "CORRECTED" != before.patient_id


def test_a_feed_that_cannot_be_read_is_named_without_its_address(feed: ChangesSettings) -> None:
    wrong = feed.model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(TransientError, match=r"^E_PACS: the change feed failed \(HTTPError\)$"):
        read_changes(wrong, 1)
