"""An archive is opened within limits; packing is deterministic."""

import gzip
import tarfile
import zipfile
from io import BytesIO

import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.archive import open_archive, pack, unzip


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


def test_unpacking_returns_what_was_packed() -> None:
    files = {"b.dcm": b"two", "a.dcm": b"one"}
    assert unzip(pack(files)) == files


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not an archive", id="not an archive"),
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


def tarred(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for entry, content in entries:
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd"
    return info


def test_a_tar_gz_is_recognised_by_its_content() -> None:
    assert open_archive(tarred((entry("a/1.dcm"), b"one"), (entry("2.dcm"), b"two"))) == {
        "a/1.dcm": b"one",
        "2.dcm": b"two",
    }
    assert open_archive(pack({"a": b"1"})) == {"a": b"1"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(tarred((entry("../up"), b"x")), id="parent path"),
        pytest.param(tarred((entry("/root"), b"x")), id="absolute path"),
        pytest.param(tarred((entry("link", tarfile.SYMTYPE), b"")), id="symbolic link"),
        pytest.param(tarred((entry("link", tarfile.LNKTYPE), b"")), id="hard link"),
        pytest.param(tarred((entry("device", tarfile.CHRTYPE), b"")), id="device"),
        pytest.param(tarred((entry("whole"), b"x" * 5000))[:-20], id="truncated"),
        pytest.param(gzip.compress(b"\0" * 50_000_000), id="bomb"),
        pytest.param(gzip.compress(b"not an archive"), id="gzip of something else"),
    ],
)
def test_s07_a_hostile_tar_is_quarantined(content: bytes) -> None:
    with pytest.raises(StudyQuarantinedError) as caught:
        open_archive(content)
    assert caught.value.code == "E_ARCHIVE"
