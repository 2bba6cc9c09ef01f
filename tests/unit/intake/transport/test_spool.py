"""A spool keeps files outside the memory, and nobody else can read them."""

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.chunks import CHUNK_BYTES, chunks
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from tests.archives import zip_of
from tests.factories import MARKER_ID

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_went_in(size: int) -> None:
    content = os.urandom(size)
    file = Spool().add(content)
    assert (file.size, file.read(), file.head) == (size, content, content[:512])
    assert file.open().read() == content


@given(st.lists(st.integers(0, 3 * 2**19)))
def test_pieces_of_any_size_become_full_chunks(sizes: list[int]) -> None:
    pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    cut = list(chunks(pieces))
    assert b"".join(cut) == b"".join(pieces)
    assert all(len(chunk) == CHUNK_BYTES for chunk in cut[:-1])


@pytest.mark.parametrize("whence", [io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
def test_a_file_is_read_from_any_position(whence: int) -> None:
    content = os.urandom(2 * CHUNK_BYTES + 7)
    opened, plain = Spool().add(content).open(), io.BytesIO(content)
    for offset in (0, 5, CHUNK_BYTES - 2, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 100):
        signed = -min(offset, len(content)) if whence == io.SEEK_END else offset
        assert opened.seek(signed, whence) == plain.seek(signed, whence)
        assert opened.read(10) == plain.read(10)


def test_a_library_opens_a_file_in_the_spool() -> None:
    content = os.urandom(3 * CHUNK_BYTES)
    with zipfile.ZipFile(Spool().add(zip_of([("a", content)])).open()) as archive:
        assert archive.read("a") == content


def test_the_file_on_the_disk_has_no_name_and_shows_no_identifier() -> None:
    spool = Spool()
    spool.add(MARKER_ID.encode() * 1000)
    descriptor = spool._file.fileno()
    assert "(deleted)" in Path(f"/proc/self/fd/{descriptor}").readlink().name
    assert MARKER_ID.encode() not in os.pread(descriptor, 10**6, 0)


def test_the_disk_is_free_when_the_last_file_is_forgotten() -> None:
    file = Spool().add(b"content")
    descriptor = file.spool._file.fileno()
    assert os.fstat(descriptor).st_nlink == 0
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_threads_share_a_spool() -> None:
    spool = Spool()
    contents = [bytes([number]) * (CHUNK_BYTES + number) for number in range(40)]
    with ThreadPoolExecutor(8) as workers:
        files = list(workers.map(spool.add, contents))
    assert [file.read() for file in files] == contents


def test_received_files_are_a_mapping_by_name() -> None:
    received = ReceivedFiles(Spool())
    received.update({"1.2": b"one", "1.3": b"two"})
    received["1.2"] = b"again"
    assert dict(received) == {"1.2": b"again", "1.3": b"two"}
    del received["1.3"]
    assert ("1.3" in received, len(received)) == (False, 1)
