"""An archive is opened within limits, and nothing of it vanishes; packing is deterministic."""

import gzip
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.archive import open_archive, pack, pack_instances, packed_pieces, unzip
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.store.objects import sha256
from tests.archives import Named, tar_of, zip_of
from tests.factories import dicom_bytes, instance


def opened(content: bytes) -> list[DeliveredFile]:
    spool = Spool()
    return open_archive(spool.add(content), spool)


def named(files: list[DeliveredFile]) -> list[Named]:
    return [(file.name, file.content.read()) for file in files]


def zipped(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def instances_packed(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    pack_instances(buffer, sorted(files.items()))
    return buffer.getvalue()


def smooth(number: int) -> dict[str, object]:
    """Return the elements of an image of 128×128 voxels."""
    row, column = np.indices((128, 128))
    values = 800 + 500 * np.sin(row / 20 + number) * np.cos(column / 15)
    return {"Rows": 128, "Columns": 128, "PixelData": values.astype(np.uint16).tobytes()}


def stating(archive: bytes, size: int) -> bytes:
    """Return a ZIP of one file whose directory states another size of its content."""
    at = archive.rfind(b"PK\1\2") + 24
    return archive[:at] + size.to_bytes(4, "little") + archive[at + 4 :]


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
        opened(content)
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
    files = [("a/1.dcm", b"one"), ("2.dcm", b"two")]
    assert named(opened(tar_of(files, "gz"))) == named(opened(tar_of(files))) == named(opened(zip_of(files))) == files


def with_a_damaged_header() -> bytes:
    content = bytearray(tar_of([("a", b"1"), ("b", b"2")]))
    content[1024 + 148] ^= 1
    return bytes(content)


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
        pytest.param(tar_of([("a", b"1")]) + tar_of([("b", b"2")]), id="two, one after the other"),
        pytest.param(with_a_damaged_header(), id="damaged header between entries"),
        pytest.param(gzip.compress(tar_of([("a", b"1" * 9000)]))[:-8], id="without its checksum"),
    ],
)
def test_s07_a_hostile_tar_is_quarantined(content: bytes) -> None:
    with pytest.raises(StudyQuarantinedError) as caught:
        opened(content)
    assert caught.value.code == "E_ARCHIVE"


TWO_TAR = tar_of([("a", b"1" * 512), ("b", b"2")])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(zip_of([("a", b"1")]) + zip_of([("b", b"2")]), id="two ZIPs, one after the other"),
        pytest.param(dicom_bytes(instance()) + zip_of([("b", b"2")]), id="an image before a ZIP"),
        pytest.param(zip_of([("b", b"2")]) + tar_of([("a", b"1")]), id="a tar after a ZIP"),
        pytest.param(TWO_TAR[:1024], id="a tar cut between two entries"),
    ],
)
def test_an_archive_of_which_the_library_sees_a_part_only_is_quarantined(content: bytes) -> None:
    with pytest.raises(StudyQuarantinedError) as caught:
        opened(content)
    assert caught.value.code == "E_ARCHIVE"


def test_zeros_after_a_zip_and_its_comment_are_no_second_archive() -> None:
    content = zip_of([("a", b"1")])
    commented = content[:-2] + (30).to_bytes(2, "little") + b"from the radiology department "
    for delivered in (content + bytes(4096), commented, b"PK00" + content):
        assert named(opened(delivered)) == [("a", b"1")]


def test_an_entry_with_the_name_of_a_folder_and_a_content_is_a_file() -> None:
    assert [content for _, content in named(opened(zip_of([("a/", b""), ("x/", b"1")])))] == [b"1"]


SAME_NAMES = [("1.dcm", b"one"), ("1.dcm", b"two"), ("A/1.dcm", b"three"), ("a/1.dcm", b"four"), ("./1.dcm", b"five"),
              ("a//1.dcm", b"six"), ("\u00fc.dcm", b"seven"), ("u\u0308.dcm", b"eight")]  # fmt: skip
"""Eight files, of which a folder of some file systems would hold four, and one by name only."""


@pytest.mark.parametrize("archive", [zip_of, tar_of])
def test_entries_whose_names_are_the_same_or_collide_are_all_there(archive: Callable[[list[Named]], bytes]) -> None:
    assert named(opened(archive(SAME_NAMES))) == SAME_NAMES


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.zip", zip_of([("1.dcm", b"one"), ("1.dcm", b"two")])),
        ("in.tar", tar_of([("1.dcm", b"one"), ("1.dcm", b"two")])),
        ("IN.TAR.GZ", tar_of([("1.dcm", b"one"), ("1.dcm", b"two")], "gz")),
        ("in.tgz", tar_of([("1.dcm", b"one"), ("1.dcm", b"two")], "gz")),
    ],
    ids=["zip", "tar", "tar.gz", "tgz"],
)
@pytest.mark.parametrize("outer", [zip_of, tar_of])
def test_an_archive_in_an_archive_is_opened(name: str, content: bytes, outer: Callable[[list[Named]], bytes]) -> None:
    files = named(opened(outer([("0.dcm", b"zero"), (name, content)])))
    assert files == [("0.dcm", b"zero"), (f"{name}!1.dcm", b"one"), (f"{name}!1.dcm", b"two")]


def test_a_compressed_instance_is_unpacked_and_a_mask_is_not() -> None:
    mask = gzip.compress(b"mask")
    files = opened(zip_of([("a/1.dcm.gz", gzip.compress(b"one")), ("a/roi.nii.gz", mask)]))
    assert named(files) == [("a/1.dcm.gz!1.dcm", b"one"), ("a/roi.nii.gz", mask)]
    assert [file.last_name for file in files] == ["1.dcm", "roi.nii.gz"]


def test_all_members_of_a_gzip_count() -> None:
    assert named(opened(zip_of([("1.dcm.gz", gzip.compress(b"one ") + gzip.compress(b"two"))]))) == [
        ("1.dcm.gz!1.dcm", b"one two")
    ]


def test_a_file_that_only_is_called_an_archive_is_not_opened() -> None:
    image = dicom_bytes(instance())
    assert named(opened(zip_of([("study.zip", image)]))) == [("study.zip", image)]


INNERMOST = zip_of([("1.dcm", b"one")])


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        pytest.param(zip_of([("b.zip", INNERMOST)]), "a.zip!b.zip", "within an archive within", id="three levels"),
        pytest.param(zip_of([("b.dcm.gz", b"x")]), "a.zip!b.dcm.gz", "within an archive within", id="gzip in it"),
        pytest.param(b"no archive", "a.zip", "cannot be read", id="damaged"),
        pytest.param(zip_of([("b", b"\0" * 10_000_000)]), "a.zip", "exceeds the limits", id="bomb"),
        pytest.param(zip_of([("../b", b"")]), "a.zip", "leads out of it", id="parent path"),
    ],
)
def test_what_cannot_be_opened_inside_is_refused_by_itself(content: bytes, name: str, reason: str) -> None:
    image, refused = opened(zip_of([("1.dcm", b"one"), ("a.zip", content)]))
    assert (image.name, image.refusal) == ("1.dcm", None)
    assert refused.name == name
    assert refused.refusal is not None
    assert (refused.refusal.code, reason in refused.refusal.reason) == ("E_ARCHIVE", True)


def test_the_archives_inside_share_the_limits_of_the_delivery() -> None:
    inner = zip_of([("b", bytes(range(256)) * 16 + b"\0" * 60_000)])
    files = opened(zip_of([(f"{number}.zip", inner) for number in range(40)], method=zipfile.ZIP_STORED))
    assert {file.refusal is None for file in files} == {True}
    bomb = zip_of([("b", b"\0" * 190_000)])
    files = opened(zip_of([(f"{number}.zip", bomb) for number in range(40)]))
    assert sum(file.refusal is not None for file in files) > 30


def test_a_zip_that_is_written_piece_by_piece_holds_the_same_files() -> None:
    files = [("1", b"one"), ("2", b"two" * 1000)]
    assert unzip(b"".join(packed_pieces(files))) == dict(files)


def test_archives_of_earlier_versions_are_read() -> None:
    files = {f"{number}.dcm": bytes([number]) * 3000 for number in range(20)}
    assert unzip(zip_of(list(files.items()), method=zipfile.ZIP_STORED)) == files


def test_an_archive_of_instances_holds_each_of_them_byte_by_byte_in_less_room() -> None:
    images = {f"{number}.dcm": dicom_bytes(instance(**smooth(number))) for number in range(3)}
    files = images | {"3.dcm": dicom_bytes(instance(BitsAllocated=8, PixelData=bytes(64)))}
    archive = instances_packed(files)
    assert unzip(archive) == files
    assert len(archive) < 0.45 * sum(map(len, files.values()))
    assert instances_packed(files) == archive


def test_an_entry_that_states_more_than_any_instance_is_not_read() -> None:
    with pytest.raises(StudyQuarantinedError, match="cannot be read"):
        unzip(stating(instances_packed({"1.dcm": dicom_bytes(instance(BitsAllocated=8))}), 2**31))


def test_a_damaged_instance_is_not_returned() -> None:
    archive = zip_of([("1.dcm.jls", b"\0" * 100)])
    with pytest.raises(StudyQuarantinedError, match="cannot be read"):
        unzip(archive)


def test_the_bytes_of_archives_that_are_downloaded_never_change() -> None:
    files = {f"{number}.dcm": bytes([number]) * 1000 for number in range(5)}
    assert sha256(pack(files)) == "b5ac29c376b2416d600a6311e376a6e0ac2de2f2859ab6303663b2588ab606ca"
