"""Files of the laboratory and the registry: CSV, Excel, HL7 version 2."""

from datetime import UTC, date, datetime
from io import BytesIO

import pandas as pd
import pytest

from idh_tasks.domain.pathology import Channel, FeedContent, Report, ReportStatus
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.files import CHANNELS, MESSAGES, TABLES, read_file
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.feed.tables import read_csv, read_excel
from tests.unit.linkage.feed.fhir.bundles import bundle, negatives, patient, report
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
    assert [(a.method, a.result) for a in report.assays] == [
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


def test_a_report_states_how_it_arrived() -> None:
    names = list(row())
    table = "\n".join((",".join(names), ",".join(str(row(age_years="")[n] or "") for n in names)))
    files = {
        "a.csv": table.encode(),
        "a.hl7": ORU.encode(),
        "a.json": bundle(patient(), report("a", "b"), *negatives()),
    }
    assert [only(read_file(*file)).channel for file in files.items()] == [Channel.TABLE, Channel.HL7, Channel.FHIR]
    assert CHANNELS.keys() == {*TABLES, *MESSAGES}
