"""Files of messages by the suffix of their name, as the feed and `idh linkage read` meet them."""

from pathlib import Path

import pytest

from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.files import is_readable, read_file
from idh_tasks.offline.feed import ReadReport, Refusal, read_files
from tests.hl7_messages import MUTATED, message, order, patient, report


@pytest.mark.parametrize("name", ["a.hl7", "a.oru", "A.TXT", "pathology/mllp/20180620/0.hl7"])
def test_every_suffix_for_messages_is_read(name: str) -> None:
    assert is_readable(name)
    assert len(read_file(name, message().encode()).reports) == 1
    with pytest.raises(FileHeldError, match="E_FEED_FORMAT"):
        read_file(name, b"a note")


def test_the_desk_shows_no_status_of_a_cancelled_report(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(report(MUTATED, request={25: "X"}))
    [found] = read_files([tmp_path / "a.hl7"])
    assert isinstance(found, ReadReport)
    assert (found.report_status, found.status, found.rule) == ("cancelled", "indeterminate", "not tested")


def test_the_desk_accepts_authorities(tmp_path: Path) -> None:
    several = patient(changes={3: "77^^^X^MR~0012^^^H^MR"})
    (tmp_path / "a.hl7").write_text(message(several, order()))
    [found] = read_files([tmp_path / "a.hl7"], authorities=("H",))
    assert isinstance(found, ReadReport)
    assert found.patient_id == "0012"
    [refused] = read_files([tmp_path / "a.hl7"])
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.line) == ("E_ISSUER", 3)
    assert "IDH_AUTHORITIES" in refused.reason
