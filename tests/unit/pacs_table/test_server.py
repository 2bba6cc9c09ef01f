"""The simulated PACS answers as an archive does, so that what it is used for is judged by a real peer."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.request import urlopen

import pytest
from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from idh_tasks.errors import TransientError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.naming.series import name_series
from idh_tasks.intake.transport.find import find_studies
from tests.factories import dicom_bytes
from tests.pacs_table.events import Archive, Script, corrected_id, late_import, merged_patients
from tests.pacs_table.feed import change_feed
from tests.pacs_table.fill import Size, fill
from tests.pacs_table.instances import make_instances
from tests.pacs_table.kinds import SIX
from tests.pacs_table.queries import SERIES, STUDY, answer
from tests.pacs_table.responses import encoded
from tests.pacs_table.server import SHOWN_BEFORE_FAILURE, TablePacs
from tests.pacs_table.table import Table

GET, MOVE = StudyRootQueryRetrieveInformationModelGet, StudyRootQueryRetrieveInformationModelMove
TODAY = date(2026, 3, 1)
EVER = (date(1990, 1, 1), date(2030, 1, 1))
SIZE = Size(studies=60, cohort=4, brains=6)


@pytest.fixture(scope="module")
def table() -> Table:
    table = Table()
    fill(table, SIZE, TODAY)
    return table


@pytest.fixture
def pacs(table: Table) -> Iterator[TablePacs]:
    pacs = TablePacs(table)
    pacs.start()
    yield pacs
    pacs.stop()


def query(level: str = "STUDY", **keys: object) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return query


def uids(table: Table, **keys: Any) -> set[str]:
    return {row["StudyInstanceUID"] for row in answer(table, query(**({"StudyInstanceUID": ""} | keys)))}


def test_the_same_size_and_day_give_the_same_archive(table: Table) -> None:
    again = Table()
    fill(again, SIZE, TODAY)
    assert again.studies() == table.studies()
    assert len(again.studies()) == SIZE.studies
    assert len(again.studies("cohort = 1")) == SIZE.cohort


def test_an_archive_holds_descriptions_in_several_languages_and_none(table: Table) -> None:
    large = Table()
    fill(large, Size(2_000, 8, 40), TODAY)
    described = {study.description for study in large.studies()}
    assert {"", "MRT LWS", "IRM du genou gauche", "RM ginocchio", "MRI LUMBAR SPINE"} <= described
    assert len({study.station for study in large.studies()}) == 5
    years = {study.study_date[:4] for study in large.studies()}
    assert len(years) >= 15


def test_a_query_at_study_level_matches_patient_dates_modality_and_a_list_of_uids(table: Table) -> None:
    one, two = table.studies("cohort = 1")[:2]
    assert uids(table, PatientID=one.patient_id) == {one.study_uid}
    assert uids(table, PatientID=f"{one.patient_id[:-1]}*") >= {one.study_uid}
    assert uids(table, PatientID=one.patient_id, IssuerOfPatientID="ANOTHER") == set()
    assert uids(table, StudyInstanceUID=[one.study_uid, two.study_uid]) == {one.study_uid, two.study_uid}
    assert one.study_uid in uids(table, StudyDate=f"{one.study_date}-{one.study_date}", ModalitiesInStudy="MR")
    assert one.study_uid not in uids(table, StudyDate=f"-{int(one.study_date) - 1}")
    assert uids(table, ModalitiesInStudy="CR").isdisjoint(uids(table, ModalitiesInStudy="MR"))


def test_a_row_states_only_what_was_asked_for(table: Table) -> None:
    row = answer(table, query(StudyInstanceUID="", ModalitiesInStudy=""))[0]
    assert set(row) == {"QueryRetrieveLevel", "SpecificCharacterSet", "StudyInstanceUID", "ModalitiesInStudy"}


def test_a_row_is_encoded_as_pydicom_encodes_it(table: Table) -> None:
    keys = dict.fromkeys((*STUDY, *SERIES), "")
    for row in (*answer(table, query(**keys)), *answer(table, query("SERIES", **keys))):
        ds = Dataset()
        for keyword, value in row.items():
            setattr(ds, keyword, value.split("\\") if keyword == "ModalitiesInStudy" else value)
        assert encoded(row) == encode(ds, is_implicit_vr=True, is_little_endian=True)


def test_series_and_images_are_listed_with_the_counts_of_the_study(table: Table) -> None:
    study = table.studies("cohort = 1")[0]
    keys = {"StudyInstanceUID": study.study_uid, "SeriesInstanceUID": "", "NumberOfSeriesRelatedInstances": ""}
    series = answer(table, query("SERIES", **keys))
    images = answer(table, query("IMAGE", StudyInstanceUID=study.study_uid, SOPInstanceUID=""))
    [stated] = answer(table, query(StudyInstanceUID=study.study_uid, NumberOfStudyRelatedInstances=""))
    assert sum(int(row["NumberOfSeriesRelatedInstances"]) for row in series) == len(images)
    assert int(stated["NumberOfStudyRelatedInstances"]) == len(images)


def test_above_its_limit_a_query_fails_or_its_list_is_cut(pacs: TablePacs) -> None:
    whole = find_studies(pacs.settings, *EVER)
    pacs.limit = 7
    assert find_studies(pacs.settings, *EVER) == whole
    failed = [one for one in pacs.records.queries if one.truncated]
    assert failed
    assert all(one.rows == SHOWN_BEFORE_FAILURE for one in failed)
    pacs.above = "cut"
    assert find_studies(pacs.settings, *EVER) == whole
    assert any(one.truncated for one in pacs.records.queries)
    assert max(one.rows for one in pacs.records.queries[1:]) == 7


def test_a_day_above_the_limit_is_listed_by_patient_where_the_time_is_not_matched() -> None:
    one_day = Table()
    fill(one_day, SIZE, TODAY)
    one_day.rows("UPDATE study SET study_date = '20200102'")
    pacs, day = TablePacs(one_day), date(2020, 1, 2)
    pacs.start()
    whole = find_studies(pacs.settings, day, day)
    pacs.limit = 9
    parts = find_studies(pacs.settings, day, day)
    pacs.stop()
    assert len(whole) > 9
    assert parts == whole


def received_by(pacs: TablePacs, how: str, study_uid: str) -> dict[str, bytes]:
    """Retrieve a study as a plain peer does; return the pixels by instance."""
    received: dict[str, bytes] = {}

    def store(event: evt.Event) -> int:
        received[event.dataset.SOPInstanceUID] = event.dataset.PixelData
        return 0

    peer = AE("IDH")
    peer.add_supported_context(MRImageStorage)
    peer.add_requested_context(MRImageStorage)
    peer.add_requested_context(GET if how == "C-GET" else MOVE)
    receiver = peer.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    assert receiver is not None
    pacs.listen_port = receiver.server_address[1]
    wanted = query(StudyInstanceUID=study_uid)
    roles: list[Any] = [build_role(MRImageStorage, scp_role=True)]
    opened = peer.associate("127.0.0.1", pacs.port, ae_title="TABLE", ext_neg=roles,
                            evt_handlers=[(evt.EVT_C_STORE, store)])  # fmt: skip
    answers = opened.send_c_get(wanted, GET) if how == "C-GET" else opened.send_c_move(wanted, "IDH", MOVE, priority=1)
    assert list(answers)
    opened.release()
    receiver.shutdown()
    return received


@pytest.mark.parametrize(("how", "priority"), [("C-GET", 2), ("C-MOVE", 1)])
def test_a_study_is_sent_whole_and_recorded_with_its_priority(pacs: TablePacs, how: str, priority: int) -> None:
    study = pacs.table.studies("cohort = 1")[0]
    wanted = {
        str(ds.SOPInstanceUID): ds.PixelData
        for one in pacs.table.series(study.study_uid)
        if one.recipe.modality == "MR"
        for ds in make_instances(study, one)
    }
    assert received_by(pacs, how, study.study_uid) == wanted
    [recorded] = pacs.records.retrieves
    assert (recorded.method, recorded.study_uid, recorded.priority) == (how, study.study_uid, priority)
    assert pacs.records.sent >= wanted.keys()
    assert pacs.records.peak == 1


def test_instances_pass_the_gate(table: Table) -> None:
    study = table.studies("cohort = 1")[0]
    images = [one for one in table.series(study.study_uid) if one.recipe.modality == "MR"]
    assert all(admit(dicom_bytes(ds)).ds for one in images for ds in make_instances(study, one))


def test_every_series_of_the_cohort_is_named_as_it_was_made(table: Table) -> None:
    for study in table.studies("cohort = 1"):
        for series in table.series(study.study_uid):
            if series.recipe_name in SIX:
                [named] = name_series(list(make_instances(study, series)))
                assert str(named.identification.sequence) == series.recipe_name
                assert named.fault is None


def test_an_archive_that_is_away_refuses_and_is_back_on_the_same_port(pacs: TablePacs) -> None:
    settings = pacs.settings
    pacs.stop()
    with pytest.raises(TransientError, match="E_PACS"):
        find_studies(settings, *EVER)
    pacs.start()
    assert find_studies(settings, *EVER)


def test_the_feed_tells_of_arrivals_in_pages_and_not_of_corrections() -> None:
    table = Table()
    fill(table, SIZE, TODAY)
    archive = Archive(table, TODAY)
    with change_feed(table) as feed:

        def get(path: str) -> dict[str, object]:
            with urlopen(f"{feed.url}{path}") as answer:  # noqa: S310 - the loopback interface
                found: dict[str, object] = json.loads(answer.read())
            return found

        assert get("/changes?last")["Last"] == 0
        late_import(archive)
        first = get("/changes?since=0&limit=1")
        assert (first["Done"], first["Last"]) == (False, 1)
        second = get("/changes?since=1&limit=100")
        assert [change["ChangeType"] for change in second["Changes"]] == ["StableStudy"]  # type: ignore[attr-defined]
        study = get(second["Changes"][0]["Path"])  # type: ignore[index]
        assert study["MainDicomTags"]["StudyInstanceUID"] == archive.happened[0].study_uid  # type: ignore[index]
        corrected_id(archive)
        assert get("/changes?last")["Last"] == 2


def test_a_script_is_the_same_every_time_and_every_kind_of_event_happens() -> None:
    def happened() -> list[object]:
        table = Table()
        fill(table, SIZE, TODAY)
        archive, script = Archive(table, TODAY), Script(nights=16, studies_a_day=2, every=1, tail=4)
        for night in range(script.nights):
            script.play(archive, night)
        return list(archive.happened)

    once = happened()
    assert once == happened()
    assert {one.event for one in once} == {  # type: ignore[attr-defined]
        "new", "late import", "silent late import", "corrected id", "merged patients", "resent", "shrunken", "growing",
        "grown", "future date", "silent future date", "missing date",
    }  # fmt: skip


def test_merged_patients_have_what_is_known_of_the_surviving_one() -> None:
    table = Table()
    fill(table, SIZE, TODAY)
    archive = Archive(table, TODAY)
    merged_patients(archive)
    merged = table.study(archive.happened[0].study_uid)
    same = table.studies("patient_id = ?", (merged.patient_id,))
    assert len(same) > 1
    assert len({(study.name, study.birth_date, study.sex) for study in same}) == 1
