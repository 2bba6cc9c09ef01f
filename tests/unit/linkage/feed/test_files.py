"""Files of the laboratory and the registry: CSV, Excel, HL7 version 2, FHIR."""

import json
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pandas as pd
import pytest

from idh_tasks.domain.pathology import Channel, FeedContent, Report, ReportStatus
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.fhir import read_fhir
from idh_tasks.linkage.feed.files import CHANNELS, READERS, read_file
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.feed.tables import read_csv, read_excel
from tests.unit.linkage.feed.test_rows import row

ORU = """MSH|^~\\&|LIS|PATH|IDH|IDH|20180620101500||ORU^R01|1|P|2.5
PID|1||0012^^^H^MR||DOE^JANE||19580101|F
OBR|1||R1^LIS|11529-5^Pathology report|||20180601|||||||||||||||20180620101500||PAT|F
OBX|1|TX|22637-3^Pathology report final diagnosis||Glioblastoma, WHO grade 4||||||F
OBX|2|TX|OPDATE^Date of surgery||20180602||||||F
OBX|3|ST|IHC^IDH1 R132H IHC||negative||||||F
OBX|4|ST|SEQ1^IDH1 codon 132 sequencing||p.R132C||||||F
OBX|5|ST|SEQ2^IDH2 codon 172 sequencing||||||||I
SPM|1|SP-1
"""
A40 = """MSH|^~\\&|REG|H|IDH|IDH|20190101120000||ADT^A40|2|P|2.5
EVN|A40|20190101120000
PID|1||0012^^^H^MR
MRG|0099^^^H^MR
"""
A37 = """MSH|^~\\&|REG|H|IDH|IDH|20190201120000||ADT^A37|3|P|2.5
PID|1||0012^^^H^MR
PID|2||0099^^^H^MR
"""


def bundle(**changes: Any) -> bytes:
    patient = {
        "resourceType": "Patient", "id": "p", "birthDate": "1958-01-01", "gender": "female",
        "identifier": [{"system": "H", "value": "0012"}],
    }  # fmt: skip
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "identifier": [{"value": "R1"}], "status": "amended",
        "meta": {"versionId": "3"}, "code": {"text": "Pathology"}, "subject": {"reference": "Patient/p"},
        "issued": "2018-06-20T10:15:00Z", "conclusion": "Glioblastoma",
        "conclusionCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "63634009"}]}],
        "result": [{"reference": "Observation/a"}],
        "specimen": [{"reference": "Specimen/s"}],
    } | changes  # fmt: skip
    observation = {
        "resourceType": "Observation", "id": "a", "status": "final", "code": {"text": "IDH1 R132H IHC"},
        "valueCodeableConcept": {"coding": [{"display": "positive"}]},
    }  # fmt: skip
    specimen = {
        "resourceType": "Specimen",
        "id": "s",
        "identifier": [{"value": "SP-1"}],
        "collection": {"collectedDateTime": "2018-06-01"},
    }
    surgery = {
        "resourceType": "Procedure", "id": "o", "status": "completed", "subject": {"reference": "Patient/p"},
        "performedDateTime": "2018-06-02",
    }  # fmt: skip
    entries = [{"resource": resource} for resource in (patient, report, observation, specimen, surgery)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def only(content: FeedContent) -> Report:
    [report] = content.reports
    return report


def test_csv_is_read_with_comma_or_semicolon_in_utf8_or_latin1() -> None:
    names = list(row())
    for separator, encoding in ((",", "utf-8"), (";", "latin-1")):
        values = row(diagnosis="Glioblastom ä", age_years="60")
        text = "\n".join((separator.join(names), separator.join(str(values[n] or "") for n in names)))
        report = only(read_csv(text.encode(encoding)))
        assert (report.diagnosis, report.patient_id, report.age_years) == ("Glioblastom ä", "0012", 60)


def test_excel_preserves_identifiers_that_are_text_cells() -> None:
    buffer = BytesIO()
    pd.DataFrame([row(age_years=60)]).to_excel(buffer, index=False)
    assert only(read_excel(buffer.getvalue())).patient_id == "0012"
    with pytest.raises(RunRefusedError, match="E_FEED_FORMAT"):
        read_excel(b"no workbook")


def test_a_csv_of_merges_is_recognised_by_its_columns() -> None:
    [merge] = read_csv(b"issuer,prior_id,surviving_id,at,undone\nH,0099,0012,2019-01-01T12:00:00+00:00,\n").merges
    assert (merge.prior_id, merge.surviving_id, merge.undone) == ("0099", "0012", False)
    with pytest.raises(RunRefusedError, match="E_SCHEMA"):
        read_csv(b"issuer,prior_id,surviving_id,at,undone\nH,0099,0012,2019-01-01,perhaps\n")


def test_an_oru_message_is_read_as_a_report() -> None:
    report = only(read_hl7(ORU.encode()))
    assert (report.report_id, report.version, report.issuer, report.patient_id) == ("R1", 20180620101500, "H", "0012")
    assert (report.status, report.birth_date, report.sex) == (ReportStatus.FINAL, date(1958, 1, 1), "F")
    assert (report.specimen_date, report.surgery_date) == (date(2018, 6, 1), date(2018, 6, 2))
    assert report.specimen == "SP-1"
    assert [(a.method.split(maxsplit=1)[1], a.result) for a in report.assays] == [
        ("IDH1 R132H IHC", "negative"), ("IDH1 codon 132 sequencing", "p.R132C"),
        ("IDH2 codon 172 sequencing", "pending"),
    ]  # fmt: skip


def test_a_file_of_messages_may_contain_merges_and_their_reversal() -> None:
    content = read_hl7((ORU + A40 + A37).replace("\n", "\r").encode())
    assert len(content.reports) == 1
    assert [(m.prior_id, m.surviving_id, m.undone) for m in content.merges] == [
        ("0099", "0012", False), ("0099", "0012", True),
    ]  # fmt: skip
    assert content.merges[0].at == datetime(2019, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "E_FEED_FORMAT"), ("no message", "E_FEED_FORMAT"), (A40.replace("A40", "A01"), "E_FEED_FORMAT"),
     (A40.replace("0099^^^H^MR", "0099^^^OTHER^MR"), "E_ISSUER"), (A40.replace("^^^H^MR", ""), "E_ISSUER")],
)  # fmt: skip
def test_an_unsupported_message_is_refused_with_a_code(text: str, code: str) -> None:
    with pytest.raises(RunRefusedError, match=code):
        read_hl7(text.encode())


def test_a_fhir_bundle_is_read_as_a_report() -> None:
    report = only(read_fhir(bundle()))
    assert (report.report_id, report.issuer, report.patient_id) == ("R1", "H", "0012")
    assert (report.version, report.revision, report.corrected) == (20180620101500, 3, True)
    assert (report.status, report.birth_date, report.sex) == (ReportStatus.FINAL, date(1958, 1, 1), "F")
    assert (report.specimen_date, report.surgery_date) == (date(2018, 6, 1), date(2018, 6, 2))
    assert [(a.method, a.result) for a in report.assays] == [("IDH1 R132H IHC", "positive")]
    assert (report.diagnosis_codes, report.specimen) == ("63634009", "SP-1")


@pytest.mark.parametrize(
    ("changes", "version"),
    [({"meta": {}}, 20180620101500), ({"issued": None}, 3), ({"issued": "2018-06-20T10:15:00+02:00"}, 20180620081500),
     ({"meta": {"versionId": "3", "lastUpdated": "2018-07-01T00:00:00Z"}}, 20180701000000),
     ({"meta": {"versionId": "20180620101500"}, "issued": "2019-01-01T00:00:00Z"}, 20180620101500)],
)  # fmt: skip
def test_the_version_of_a_bundle_is_a_time_in_utc_if_it_states_one(changes: dict[str, Any], version: int) -> None:
    assert only(read_fhir(bundle(**changes))).version == version


def test_a_report_states_how_it_arrived() -> None:
    names = list(row())
    table = "\n".join((",".join(names), ",".join(str(row(age_years="")[n] or "") for n in names)))
    files = {"a.csv": table.encode(), "a.hl7": ORU.encode(), "a.json": bundle()}
    assert [only(read_file(*file)).channel for file in files.items()] == [Channel.TABLE, Channel.HL7, Channel.FHIR]
    assert set(CHANNELS) == set(READERS.values())


@pytest.mark.parametrize("broken", [b"{}", b"no json", bundle(subject={"reference": "Patient/x"})])
def test_a_broken_bundle_is_refused(broken: bytes) -> None:
    with pytest.raises(RunRefusedError, match="E_FEED_FORMAT"):
        read_fhir(broken)


def test_a_bundle_with_an_unknown_status_is_refused() -> None:
    with pytest.raises(RunRefusedError, match=r"E_SCHEMA|E_FEED_FORMAT"):
        read_fhir(bundle(status="perhaps?"))
