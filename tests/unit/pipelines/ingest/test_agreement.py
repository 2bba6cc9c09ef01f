"""Whose study it is, and what is recorded about it, is what its images agree on, in whatever order the files come."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import permutations
from typing import Any, BinaryIO

import pytest
from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from idh_tasks.dicom.headers import Headers
from idh_tasks.domain.study import StudyRecord
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.pipelines.ingest.agreement import most_stated
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.identity import identify_patient
from idh_tasks.pipelines.ingest.instances import receive_instance
from idh_tasks.pipelines.ingest.received_study import (
    ReceivedStudy,
    deidentified_instances,
    group_by_study,
    study_record,
)
from idh_tasks.pipelines.ingest.series_archive import pack_series
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import IdentifierRule, Settings
from idh_tasks.store import keys
from idh_tasks.store.content import Scratch
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance

IDENTIFYING = ("IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientName")


class Objects:
    """A store of which a test sees only that something was put there."""

    def put_file(self, key: str, content: BinaryIO) -> None:
        assert key
        content.seek(0)
        assert content.read(1)


class Vault:
    """Seals nothing: no test here reads what was sealed."""

    def sealed(self, content: Iterable[bytes]) -> Iterable[bytes]:
        return content


def platform(issuer: str = "", rule: IdentifierRule = IdentifierRule()) -> Platform:  # noqa: B008 - it is frozen
    prepared = Platform(Settings.model_construct(issuer=issuer))
    parts = {"pseudonymiser": Pseudonymiser("s" * 32, rule), "store": Objects(), "vault": Vault()}
    vars(prepared).update(parts)
    return prepared


def image(number: int, **overrides: Any) -> Dataset:
    stated = {"IssuerOfPatientID": "HOSP", "Manufacturer": "SIEMENS", "AccessionNumber": "A-1"} | overrides
    ds = instance(
        SOPInstanceUID=f"1.2.3.4.{number}", InstanceNumber=number, ImagePositionPatient=[0, 0, 3.0 * number], **stated
    )
    for keyword in [keyword for keyword, value in overrides.items() if value is None]:
        delattr(ds, keyword)
    return ds


def outline(sop_class: str = SegmentationStorage, **overrides: Any) -> Dataset:
    """Return an outline as research programs write it: nothing of the patient but the identifier."""
    ds = instance(SOPClassUID=sop_class, SOPInstanceUID="1.2.3.9.1", SeriesInstanceUID="1.2.3.9")
    for keyword in ("PatientBirthDate", "PatientSex", "PatientName", "StudyDate"):
        delattr(ds, keyword)
    for keyword, value in overrides.items():
        setattr(ds, keyword, value)
    return ds


def facts(at: Platform, files: Sequence[bytes]) -> tuple[Any, ...]:
    """Return everything that ingest records about the one study of a delivery."""
    spool, headers = Spool(), Headers()
    received = [receive_instance(at, admit(content).ds, spool.add(content), spool, headers) for content in files]
    ((uid, group),) = group_by_study(received)
    identity = identify_patient(at, [one.header for one in group])
    study = ReceivedStudy(at.pseudonymiser.study(uid), identity, group, None, None)
    instances, duplicates = deidentified_instances(at, study, spool)
    archives, _ = pack_series(at, instances, Scratch())
    record = study_record(at, study, keys.digest(*sorted(archive.sha256 for archive in archives)))
    named = sorted((one.series_id, one.named.label, one.named.identification, one.sha256) for one in archives)
    return vars(identity), record, most_stated(study.images, "AccessionNumber"), named, duplicates


def agreed(at: Platform, files: Sequence[Dataset]) -> tuple[Any, ...]:
    """Return the facts of a study, which every permutation of its files must give."""
    found = [facts(at, order) for order in permutations(map(dicom_bytes, files))]
    assert all(one == found[0] for one in found)
    return found[0]


def refused(at: Platform, files: Sequence[Dataset]) -> str:
    """Return the code by which every permutation is refused."""
    read = [dicom_bytes(ds) for ds in files]
    codes = set()
    for order in permutations(read):
        with pytest.raises(StudyQuarantinedError) as caught:
            facts(at, order)
        assert MARKER_ID not in str(caught.value)
        assert MARKER not in str(caught.value)
        codes.add(str(caught.value.code))
    (code,) = codes
    return code


@pytest.mark.parametrize("sop_class", [SegmentationStorage, RTStructureSetStorage])
def test_an_outline_that_states_nothing_decides_nothing(sop_class: str) -> None:
    at, images = platform("ELSEWHERE"), [image(1), image(2)]

    identity, record, *_ = agreed(at, [*images, outline(sop_class)])

    assert identity == agreed(at, images)[0]
    assert (identity["issuer"], identity["identifier"], identity["name"]) == ("HOSP", MARKER_ID, MARKER)
    assert (identity["birth_date"], identity["sex"]) == (date(1960, 1, 2), "F")
    assert identity["patient_key"] == at.pseudonymiser.patient("HOSP", MARKER_ID)
    assert isinstance(record, StudyRecord)
    assert record.age_years == 58.2


def test_what_an_outline_states_beside_the_identifier_does_not_count() -> None:
    other = {"IssuerOfPatientID": "LAB", "PatientBirthDate": "20000101", "PatientSex": "M", "PatientName": "Anon"}
    images = [image(1), image(2)]

    found = agreed(platform(), [*images, outline(**other, Manufacturer="3D Slicer", AccessionNumber="x")])

    assert found[:3] == (agreed(platform(), images)[0], found[1], "A-1")
    assert found[1].manufacturer == "SIEMENS"


def test_an_outline_without_any_identifier_belongs_to_the_patient_of_the_images() -> None:
    nameless = outline()
    del nameless.PatientID

    identity, *_ = agreed(platform(), [image(1), image(2), nameless])

    assert identity["identifier"] == MARKER_ID


def test_an_outline_of_another_patient_is_no_outline_of_this_study() -> None:
    assert refused(platform(), [image(1), image(2), outline(PatientID="OTHER")]) == "E_ID_MISMATCH"


@pytest.mark.parametrize("keyword", IDENTIFYING)
def test_an_image_that_lacks_something_takes_it_from_the_others(keyword: str) -> None:
    files = [image(1, **{keyword: None}), image(2), image(3, **{keyword: ""})]

    assert agreed(platform(), files)[0] == agreed(platform(), [image(2)])[0]


@pytest.mark.parametrize("issuer", ["", "ELSEWHERE"])
def test_an_image_without_an_issuer_takes_that_of_the_others_before_that_of_the_setting(issuer: str) -> None:
    identity, *_ = agreed(platform(issuer), [image(1, IssuerOfPatientID=None), image(2)])

    assert identity["issuer"] == "HOSP"


def test_the_setting_states_the_issuer_where_no_image_does() -> None:
    without = [image(1, IssuerOfPatientID=None), image(2, IssuerOfPatientID="")]

    assert agreed(platform("OURS"), without)[0]["issuer"] == "OURS"
    assert refused(platform(), without) == "E_ISSUER"


@pytest.mark.parametrize(
    ("keyword", "other"),
    [
        ("PatientID", "OTHER"),
        ("PatientID", ""),
        ("IssuerOfPatientID", "LAB"),
        ("PatientBirthDate", "19600103"),
        ("PatientSex", "M"),
    ],
)
def test_images_that_contradict_one_another_are_refused(keyword: str, other: str) -> None:
    assert refused(platform("HOSP"), [image(1), image(2, **{keyword: other}), outline()]) == "E_ID_MISMATCH"


def test_images_that_name_no_patient_are_refused_even_if_an_outline_does() -> None:
    assert refused(platform(), [image(1, PatientID=""), outline()]) == "E_MISSING_ID"


def test_spellings_of_one_identifier_are_one() -> None:
    files = [
        image(1, PatientID="mrn 71 "), image(2, PatientID="0MRN71"), image(3, IssuerOfPatientID="hosp ")
    ]  # fmt: skip
    files[2].PatientID = "MRN71"
    rule = IdentifierRule(leading_zeros=True)

    assert agreed(platform(rule=rule), files)[0]["identifier"] == "0MRN71"
    assert refused(platform(), files) == "E_ID_MISMATCH"


def test_manufacturer_accession_and_name_are_those_that_most_images_state() -> None:
    files = [
        image(1, Manufacturer="Map Maker", AccessionNumber="", PatientName="Zebedee"),
        image(2, Manufacturer=""),
        image(3),
        image(4),
    ]

    identity, record, accession, *_ = agreed(platform(), files)

    assert (identity["name"], record.manufacturer, accession) == (MARKER, "SIEMENS", "A-1")


def test_of_equally_frequent_texts_the_first_in_order_counts() -> None:
    assert agreed(platform(), [image(1, Manufacturer="B"), image(2, Manufacturer="A")])[1].manufacturer == "A"
    assert agreed(platform(), [image(1, Manufacturer=None)])[1].manufacturer == "unknown"


def test_the_study_date_is_that_of_the_images_that_state_one() -> None:
    at = platform()
    files = [image(1, StudyDate=None), image(2, StudyDate="20180304"), outline(StudyDate="20240101")]

    _, record, *_ = agreed(at, files)

    assert record.study_date == at.pseudonymiser.shifted(record.patient_key, date(2018, 3, 4))


@pytest.mark.parametrize("dates", [("20180304", "20180305"), ("", "")])
def test_images_without_one_study_date_are_refused(dates: tuple[str, str]) -> None:
    files = [image(number, StudyDate=day) for number, day in enumerate(dates, start=1)]

    assert refused(platform(), [*files, outline(StudyDate="20180304")]) == "E_STUDY_DATE"


def test_which_of_two_different_copies_is_kept_does_not_depend_on_their_order() -> None:
    other = image(2, EchoTime="99")

    *_, duplicates = agreed(platform(), [image(1), image(2), other])

    assert [entry.code for entry in duplicates] == ["E_SOP_CONFLICT"]


def test_an_outline_in_the_series_of_its_images_is_told_apart_from_them() -> None:
    drawn = outline(SeriesInstanceUID="1.2.3.4", StudyDate="20180304")

    named = agreed(platform(), [image(1), image(2), drawn])[3]

    assert sorted(label for _, label, *_ in named) == ["", "DICOM SEG"]


def test_the_source_lists_no_patient_for_an_outline_without_identifier() -> None:
    nameless = outline()
    del nameless.PatientID
    listed = FetchedFiles([], "1.2.3", frozenset({MARKER_ID}))

    listed.check_requested(iter([image(1), nameless]))

    for wrong in (outline(PatientID="OTHER"), image(2, PatientID="")):
        with pytest.raises(StudyQuarantinedError, match="E_ID_MISMATCH"):
            listed.check_requested(iter([image(1), wrong]))
