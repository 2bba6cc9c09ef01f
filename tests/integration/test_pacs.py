"""PACS pickup against a real Orthanc: every way of retrieving, every way of being cut off."""

import logging
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove

from idh_tasks.dicom.files import encoded
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import StudyQuarantinedError, TransientError
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.transport import dicomweb, dimse
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.settings import DicomwebSettings, PacsSettings
from tests.factories import MARKER_ID, dicom_bytes, stack
from tests.proxy import proxied

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")

QUERIES = 1
"""Associations of a retrieve before the one that carries instances."""
MOVE = StudyRootQueryRetrieveInformationModelMove
SECRET = Pseudonymiser("s" * 32)
EVER = (date(1990, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def pacs(installation: Installation) -> PacsSettings:
    return orthanc.settings(installation).model_copy(update={"timeout_s": 20.0})


@pytest.fixture(scope="module")
def archive(installation: Installation) -> DicomwebSettings:
    found = orthanc.dicomweb(installation)
    if found is None:
        pytest.skip("Orthanc's DICOMweb plugin is not installed")
    return found


def study(uid: str, count: int, **overrides: object) -> list[Dataset]:
    found = stack([2.0 * k for k in range(count)], StudyInstanceUID=uid, **overrides)
    for number, ds in enumerate(found):
        ds.SeriesInstanceUID = f"{uid}.{number % 2 + 1}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{uid}.9.{number + 1}"
    return found


def send(pacs: PacsSettings, instances: list[Dataset], folder: Path) -> None:
    files = []
    for number, ds in enumerate(instances):
        files.append(folder / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    dimse.send_study(pacs, files)


@pytest.fixture(scope="module")
def large(pacs: PacsSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """Return a study of 600 instances that the PACS holds."""
    instances = study("1.2.826.0.1.600", 600)
    send(pacs, instances, tmp_path_factory.mktemp("large"))
    return {ds.SOPInstanceUID: ds for ds in instances}


@pytest.fixture(scope="module")
def small(pacs: PacsSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """Return a study of 50 instances that the PACS holds."""
    instances = study("1.2.826.0.1.50", 50)
    send(pacs, instances, tmp_path_factory.mktemp("small"))
    return {ds.SOPInstanceUID: ds for ds in instances}


def retrieve(pacs: PacsSettings, uid: str) -> dict[str, bytes]:
    return dimse.retrieve(pacs, uid, dimse.list_study(pacs, uid).places)


def differences(received: dict[str, bytes], sent: dict[str, Dataset]) -> list[str]:
    """Return what did not come as it was sent: instances, and elements, pixels included."""
    found = [f"{uid} is missing or new" for uid in received.keys() ^ sent.keys()]
    for uid in received.keys() & sent.keys():
        arrived = dcmread(DicomBytesIO(received[uid]))
        tags = {e.tag for e in (*arrived, *sent[uid]) if e.tag.group >= 8}
        found += [f"{uid} {arrived.get(tag)!s:.80}" for tag in tags if arrived.get(tag) != sent[uid].get(tag)]
    return found


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_600_instances_arrive_unchanged_by_dimse(pacs: PacsSettings, large: dict[str, Dataset], how: str) -> None:
    received = retrieve(pacs.model_copy(update={"retrieve": how}), "1.2.826.0.1.600")
    assert differences(received, large) == []


def test_600_instances_arrive_unchanged_by_dicomweb(archive: DicomwebSettings, large: dict[str, Dataset]) -> None:
    assert differences(dicomweb.retrieve(archive, "1.2.826.0.1.600"), large) == []


def test_dimse_and_dicomweb_list_the_same_studies(
    pacs: PacsSettings, archive: DicomwebSettings, large: object, small: object
) -> None:
    listed = dimse.find_studies(pacs, *EVER)
    assert {found.study_uid for found in listed} >= {"1.2.826.0.1.600", "1.2.826.0.1.50"}
    assert dicomweb.find_studies(archive.model_copy(update={"page": 1}), *EVER) == listed
    assert {found.instances for found in listed} >= {600, 50}


def test_what_is_stored_is_bit_identical_by_every_way(
    pacs: PacsSettings, archive: DicomwebSettings, small: dict[str, Dataset]
) -> None:
    def stored(received: dict[str, bytes]) -> dict[str, bytes]:
        return {uid: encoded(deidentify(admit(c).ds, PatientKey("p"), SECRET)) for uid, c in received.items()}

    uid, move = "1.2.826.0.1.50", pacs.model_copy(update={"retrieve": "C-MOVE"})
    sent = stored({ds.SOPInstanceUID: dicom_bytes(ds) for ds in small.values()})
    assert stored(retrieve(pacs, uid)) == stored(retrieve(move, uid)) == stored(dicomweb.retrieve(archive, uid)) == sent


@pytest.fixture(scope="module")
def retrieve_bytes(pacs: PacsSettings, small: object) -> int:
    """Return how many bytes the PACS sends on the association that carries the small study."""
    with proxied(pacs.port, spared=QUERIES) as proxy:
        retrieve(pacs.model_copy(update={"port": proxy.port}), "1.2.826.0.1.50")
        return proxy.largest


def test_n03_an_association_cut_at_any_of_50_places_loses_and_doubles_nothing(
    pacs: PacsSettings, small: dict[str, Dataset], retrieve_bytes: int
) -> None:
    def cut(place: int) -> tuple[int, list[str]]:
        with proxied(pacs.port, spared=QUERIES, cut_after=retrieve_bytes * (place + 1) // 52) as proxy:
            received = retrieve(pacs.model_copy(update={"port": proxy.port}), "1.2.826.0.1.50")
        return proxy.cuts, differences(received, small)

    with ThreadPoolExecutor(8) as workers:
        assert list(workers.map(cut, range(50))) == [(1, [])] * 50


def test_n01_what_a_retrieve_left_out_is_asked_for_again(
    pacs: PacsSettings, small: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first retrieve refuses three instances: the PACS ends it with a warning, 0xB000."""
    refused = set(sorted(small)[:3])
    asked: list[int] = []
    original, store_into = dimse._get, dimse._store_into

    def refusing(received: dict[str, bytes]) -> Callable[..., int]:
        inner = store_into(received)
        first = len(asked) == 1
        return lambda event: (
            0xA700 if first and str(event.file_meta.MediaStorageSOPInstanceUID) in refused else inner(event)
        )

    def counted(*args: object) -> None:
        asked.append(sum(len(q.get("SOPInstanceUID") or []) for q in args[1]))  # type: ignore[attr-defined]  # the queries
        original(*args)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(dimse, "_store_into", refusing)
    monkeypatch.setattr(dimse, "_get", counted)
    assert differences(retrieve(pacs, "1.2.826.0.1.50"), small) == []
    assert asked[0] == 0
    assert asked[1] >= 3, "Orthanc gives up at the first refusal: more may be missing than were refused"


def test_n02_a_success_that_is_none_is_not_trusted(
    pacs: PacsSettings, small: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimse, "_get", lambda *_: None)
    with pytest.raises(TransientError, match="E_INCOMPLETE: 0 of 50"):
        retrieve(pacs, "1.2.826.0.1.50")


def test_a_study_that_the_pacs_does_not_hold(pacs: PacsSettings) -> None:
    with pytest.raises(StudyQuarantinedError, match="E_NO_IMAGES"):
        retrieve(pacs, "1.2.840.404.404")


def test_n04_a_pacs_that_accepts_and_stalls_holds_nobody(pacs: PacsSettings) -> None:
    with proxied(pacs.port, stalls=True) as proxy:
        started = time.monotonic()
        with pytest.raises(TransientError, match="E_TIMEOUT"):
            dimse.find_studies(pacs.model_copy(update={"port": proxy.port, "timeout_s": 1.0}), *EVER)
    assert time.monotonic() - started < 10


def test_n06_the_pacs_says_whose_study_it_is(pacs: PacsSettings, small: object) -> None:
    listing = dimse.list_study(pacs, "1.2.826.0.1.50")
    assert listing.patients == {MARKER_ID}
    assert len(listing.places) == 50


def test_n06_a_truncated_query_is_asked_again_in_parts(pacs: PacsSettings, tmp_path: Path) -> None:
    for day in (1, 2, 3, 4):
        send(pacs, study(f"1.2.826.0.1.70{day}", 1, StudyDate=f"2015010{day}"), tmp_path)
    window = (date(2015, 1, 1), date(2015, 1, 4))
    limited = pacs.model_copy(update={"query_limit": 2})
    assert [found.study_date[-1] for found in dimse.find_studies(limited, *window)] == ["1", "2", "3", "4"]
    with pytest.raises(TransientError, match="E_QUERY_TRUNCATED"):
        dimse.find_studies(pacs.model_copy(update={"query_limit": 1}), *window)


def test_n12_a_wrong_called_title_is_refused(pacs: PacsSettings) -> None:
    assert isinstance(dimse.find_studies(pacs, *EVER), list)
    with pytest.raises(TransientError, match="E_PACS"):
        dimse.find_studies(pacs.model_copy(update={"called_aet": "SOMEONE"}), *EVER)


def test_n12_a_pacs_without_tls_is_refused_where_tls_is_asked_for(pacs: PacsSettings) -> None:
    import certifi

    secure = pacs.model_copy(update={"tls_ca": Path(certifi.where()), "timeout_s": 3.0})
    with pytest.raises(TransientError, match="E_PACS"):
        dimse.find_studies(secure, *EVER)


def test_n12_our_receiver_takes_nothing_from_a_stranger_and_says_so(
    pacs: PacsSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    received: dict[str, bytes] = {}
    stranger = pacs.model_copy(
        update={"port": pacs.listen_port, "called_aet": pacs.calling_aet, "calling_aet": "STRANGER"}
    )
    path = tmp_path / "one.dcm"
    path.write_bytes(dicom_bytes(study("1.2.826.0.1.1", 1)[0]))
    with dimse._receiver(pacs, received), pytest.raises(TransientError, match="E_PACS"):
        dimse.send_study(stranger, [path])
    assert received == {}
    assert "E_PEER_REFUSED" in caplog.text
    assert "STRANGER" not in caplog.text


def test_n11_a_pdu_of_4_gib_is_refused_and_idle_strangers_keep_nobody_away(
    pacs: PacsSettings, small: dict[str, Dataset], caplog: pytest.LogCaptureFixture
) -> None:
    """The receiver of a C-MOVE is up while 50 sockets say nothing and one announces more than memory holds."""
    move = pacs.model_copy(update={"retrieve": "C-MOVE"})
    received: dict[str, bytes] = {}
    with ExitStack() as sockets, caplog.at_level(logging.WARNING, "idh_tasks"), dimse._receiver(pacs, received):
        for _ in range(50):
            sockets.enter_context(socket.create_connection(("127.0.0.1", pacs.listen_port)))
        hostile = sockets.enter_context(socket.create_connection(("127.0.0.1", pacs.listen_port)))
        hostile.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFFF))
        hostile.settimeout(10)
        assert hostile.recv(10) == b"", "the connection is closed, not fed"
        with dimse.association(move, [], MOVE) as opened:
            [query] = dimse._identifiers("1.2.826.0.1.50", frozenset(), whole=True)
            dimse._finish(move, opened.send_c_move(query, pacs.calling_aet, MOVE))
    assert "E_PEER_PROTOCOL" in caplog.text
    assert differences(received, small) == []
