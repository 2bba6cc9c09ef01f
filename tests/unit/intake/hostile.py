"""Small files that would unpack to gigabytes, and what reads them; each is called in a process of its own."""

import gzip
import os
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import chain

import nibabel as nib
import pytest

from idh_tasks.endpoints import DicomwebSettings, FhirSettings
from idh_tasks.errors import IdhError
from idh_tasks.imaging.outline.mask_process import rewrite_apart
from idh_tasks.intake.transport import dicomweb, fhir_search
from idh_tasks.intake.transport.archive import open_archive
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.linkage.feed.tables import read_excel
from idh_tasks.pipelines.ingest.admission import refusal_of_large

GIB = 2**30
ZEROS = bytes(2**20)


def refused(function: Callable[[], object], code: str) -> None:
    with pytest.raises(IdhError) as caught:
        function()
    assert caught.value.code == code, caught.value


def gzipped_zeros(size: int, start: bytes = b"") -> bytes:
    """Return so many zeros, gzipped; they are never in memory together."""
    return gzipped_repeated(ZEROS, size // len(ZEROS), start)


def gzipped_repeated(piece: bytes, times: int, start: bytes = b"") -> bytes:
    """Return a piece many times, gzipped; it is compressed once, since a fully flushed block stands by itself."""
    packer, checksum = zlib.compressobj(wbits=-zlib.MAX_WBITS), zlib.crc32(start)
    blocks = [packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (start, piece)]
    for _ in range(times):
        checksum = zlib.crc32(piece, checksum)
    trailer = struct.pack("<II", checksum, (len(start) + times * len(piece)) % 2**32)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + blocks[0] + blocks[1] * times + packer.flush() + trailer


def mask(shape: tuple[int, int, int], dtype: str, size: int) -> bytes:
    """Return a gzipped mask of zeros whose header states a shape."""
    header = nib.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(dtype)
    header["vox_offset"], header["sform_code"] = 352, 1
    header["srow_x"][0] = header["srow_y"][1] = header["srow_z"][2] = 1
    return gzipped_zeros(size, bytes(header.binaryblock) + b"\0" * 4)


def read_masks() -> None:
    """Read a mask with more voxels than are read, one larger than its header states, and the largest that is read."""
    for content in (
        mask((1024, 1024, 1024), "u1", GIB),
        mask((64, 64, 64), "u1", GIB),
        mask((512, 512, 256), "f8", GIB // 2),
    ):
        refused(lambda content=content: rewrite_apart(content), "E_ROI")  # type: ignore[misc]


def large_zip() -> None:
    """Open a ZIP of 26 MiB that holds 1.5 GiB: none of its files is read as a whole."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(zipfile.ZipInfo("noise"), os.urandom(20 * 2**20))
        for number in range(3):
            with archive.open(f"{number}.dcm", "w") as entry:
                for _ in range(512):
                    entry.write(ZEROS)
    spool = Spool()
    files = open_archive(spool.add(buffer.getvalue()), spool)
    assert sum(file.content.size for file in files) > 1.5 * GIB
    assert [str(refusal.code) for file in files if (refusal := refusal_of_large(file.content))] == ["E_NOT_DICOM"] * 4


def wide_directory() -> None:
    """Open a ZIP whose directory is larger than the files in it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"")
    content, count = buffer.getvalue(), 200_000
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    entries = content[start:end] * count
    ending = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count % 2**16, count % 2**16, len(entries), start, 0)
    refused(lambda: _opened(content[:start] + entries + ending), "E_ARCHIVE")


def long_header() -> None:
    """Open a tar.gz with a header of 1 GiB, and one with a million folders."""
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, GIB
    padding = os.urandom(8 * 2**20)
    refused(lambda: _opened(gzipped_zeros(GIB, header.tobuf()) + gzip.compress(padding)), "E_ARCHIVE")
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    refused(lambda: _opened(gzipped_repeated(folder.tobuf() * 1000, 1000) + gzip.compress(padding)), "E_ARCHIVE")


def _opened(content: bytes) -> None:
    spool = Spool()
    open_archive(spool.add(content), spool)


class _Bomb(BaseHTTPRequestHandler):
    body = gzipped_zeros(GIB // 2)
    codings = "gzip"

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in (("Content-Encoding", self.codings), ("Content-Length", str(len(self.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Twice(_Bomb):
    body = gzip.compress(_Bomb.body)
    codings = "gzip, gzip"


def packed_answers() -> None:
    """Ask servers whose answers of 0.5 MiB, or 2 KiB, unpack to 512 MiB."""
    for handler in (_Bomb, _Twice):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        archive, laboratory = DicomwebSettings(url=url), FhirSettings(url=url)
        refused(lambda: dicomweb.find_studies(archive, date(2020, 1, 1), date(2020, 1, 2)), "E_DICOMWEB")  # noqa: B023
        refused(lambda: list(fhir_search.search_pages(laboratory, datetime(2020, 1, 1, tzinfo=UTC))), "E_FHIR")  # noqa: B023
        server.shutdown()


START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
END = "</worksheet>"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main'
    '+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument'
    '.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip


def workbook_of(sheet: Iterable[str]) -> bytes:
    """Return a workbook with the XML of its only sheet, in pieces."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in PARTS.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry:
            for piece in chain([START], sheet, [END]):
                entry.write(piece.encode())
    return buffer.getvalue()


def workbooks() -> None:
    """Read workbooks with all cells of a sheet merged, and with a sheet of 200 MiB."""
    merged = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    merged += '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    spaces = (" " * 2**20 for _ in range(200))
    for sheet in ((merged,), chain(["<sheetData/>"], spaces)):
        content = workbook_of(sheet)
        assert len(content) < 2**20
        refused(lambda content=content: read_excel(content), "E_FEED_FORMAT")  # type: ignore[misc]
