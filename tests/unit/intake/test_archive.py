"""An archive is opened inside limits; packing is deterministic."""

import zipfile
from io import BytesIO

import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.archive import pack, unzip


def zipped(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def symlink() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return info


def test_what_is_packed_comes_out_again() -> None:
    files = {"b.dcm": b"two", "a.dcm": b"one"}
    assert unzip(pack(files)) == files


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not an archive", id="no archive"),
        pytest.param(zipped((zipfile.ZipInfo("bomb"), b"\0" * 10_000_000)), id="bomb"),
        pytest.param(zipped((symlink(), b"/etc/passwd")), id="link"),
        pytest.param(zipped((zipfile.ZipInfo("../up"), b"x")), id="parent path"),
        pytest.param(zipped((zipfile.ZipInfo("/root"), b"x")), id="absolute path"),
    ],
)
def test_s07_a_hostile_archive_is_quarantined(content: bytes) -> None:
    with pytest.raises(StudyQuarantinedError) as caught:
        unzip(content)
    assert caught.value.code == "E_ARCHIVE"
