"""Retrieval from a real Orthanc: every protocol, and every way in which a connection can fail."""

import logging
import socket
import struct
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pynetdicom import evt

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.endpoints import DicomwebSettings, PacsSettings
from idh_tasks.errors import StudyQuarantinedError, TransientError
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.transport import dicomweb, retrieve
from idh_tasks.intake.transport.find import find_studies, list_study
from idh_tasks.intake.transport.incoming import Incoming
from idh_tasks.intake.transport.receiver import receiver
from idh_tasks.intake.transport.retrieve import request_move, study_query
from idh_tasks.intake.transport.send import send_study
from idh_tasks.intake.transport.traffic import Priority
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from tests.factories import MARKER_ID, dicom_bytes, stack
from tests.hospital import with_instance_uid
from tests.proxy import proxied

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")

QUERIES = 1
"""Associations of a retrieve before the one that transfers instances."""
SECRET = Pseudonymiser("s" * 32)
EVER = (date(1990, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def pacs(installation: Installation) -> PacsSettings:
    return orthanc.settings(installation).model_copy(update={"timeout_s": 20.0})


@pytest.fixture(scope="module")
def archive(installation: Installation) -> DicomwebSettings:
    settings = orthanc.dicomweb(installation)
    if settings is None:
        pytest.skip("Orthanc's DICOMweb plugin is not installed")
    return settings


def study(uid: str, count: int, **overrides: object) -> list[Dataset]:
    instances = stack([2.0 * k for k in range(count)], StudyInstanceUID=uid, **overrides)
    for number, ds in enumerate(instances):
        ds.SeriesInstanceUID = f"{uid}.{number % 2 + 1}"
    return [with_instance_uid(ds, f"{uid}.9.{number}") for number, ds in enumerate(instances, start=1)]


def send(pacs: PacsSettings, instances: list[Dataset], folder: Path) -> None:
    files = []
    for number, ds in enumerate(instances):
        files.append(folder / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    send_study(pacs, files)


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


def retrieved(pacs: PacsSettings, uid: str) -> dict[str, bytes]:
    received: dict[str, bytes] = {}
    retrieve.retrieve(pacs, uid, list_study(pacs, uid), received)
    return received


def by_dicomweb(archive: DicomwebSettings, uid: str) -> dict[str, bytes]:
    received: dict[str, bytes] = {}
    dicomweb.retrieve(archive, uid, received)
    return received


def differences(received: Mapping[str, bytes], sent: dict[str, Dataset]) -> list[str]:
    """Return the instances and elements, pixels included, that did not arrive as they were sent."""
    different = [f"{uid} is missing or new" for uid in received.keys() ^ sent.keys()]
    for uid in received.keys() & sent.keys():
        arrived = dcmread(DicomBytesIO(received[uid]))
        tags = {e.tag for e in (*arrived, *sent[uid]) if e.tag.group >= 8}
        different += [f"{uid} {arrived.get(tag)!s:.80}" for tag in tags if arrived.get(tag) != sent[uid].get(tag)]
    return different


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_600_instances_arrive_unchanged_by_dimse(pacs: PacsSettings, large: dict[str, Dataset], how: str) -> None:
    received = retrieved(pacs.model_copy(update={"retrieve": how}), "1.2.826.0.1.600")
    assert differences(received, large) == []


def test_600_instances_arrive_unchanged_by_dicomweb(archive: DicomwebSettings, large: dict[str, Dataset]) -> None:
    assert differences(by_dicomweb(archive, "1.2.826.0.1.600"), large) == []


def test_dimse_and_dicomweb_list_the_same_studies(
    pacs: PacsSettings, archive: DicomwebSettings, large: object, small: object
) -> None:
    listed = find_studies(pacs, *EVER)
    assert {study.study_uid for study in listed} >= {"1.2.826.0.1.600", "1.2.826.0.1.50"}
    assert dicomweb.find_studies(archive.model_copy(update={"page": 1}), *EVER) == listed
    assert {study.instances for study in listed} >= {600, 50}


def test_stored_files_are_bit_identical_for_every_protocol(
    pacs: PacsSettings, archive: DicomwebSettings, small: dict[str, Dataset]
) -> None:
    def stored(received: Mapping[str, bytes]) -> dict[str, bytes]:
        return {uid: encode_file(deidentify(admit(c).ds, PatientKey("p"), SECRET)) for uid, c in received.items()}

    uid, move = "1.2.826.0.1.50", pacs.model_copy(update={"retrieve": "C-MOVE"})
    sent = stored({ds.SOPInstanceUID: dicom_bytes(ds) for ds in small.values()})
    assert stored(retrieved(pacs, uid)) == stored(retrieved(move, uid)) == stored(by_dicomweb(archive, uid)) == sent


@pytest.fixture(scope="module")
def retrieve_bytes(pacs: PacsSettings, small: object) -> int:
    """Return how many bytes the PACS sends on the association that transfers the small study."""
    with proxied(pacs.port, spared=QUERIES) as proxy:
        retrieved(pacs.model_copy(update={"port": proxy.port}), "1.2.826.0.1.50")
        return proxy.largest


def test_n03_an_association_cut_at_any_of_50_positions_loses_and_duplicates_nothing(
    pacs: PacsSettings, small: dict[str, Dataset], retrieve_bytes: int
) -> None:
    def cut(position: int) -> tuple[int, list[str]]:
        with proxied(pacs.port, spared=QUERIES, cut_after=retrieve_bytes * (position + 1) // 52) as proxy:
            received = retrieved(pacs.model_copy(update={"port": proxy.port}), "1.2.826.0.1.50")
        return proxy.cuts, differences(received, small)

    with ThreadPoolExecutor(8) as workers:
        assert list(workers.map(cut, range(50))) == [(1, [])] * 50


def test_n01_instances_that_a_retrieve_left_out_are_requested_again(
    pacs: PacsSettings, small: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first retrieve refuses three instances: the PACS ends it with a warning, 0xB000."""
    refused = set(sorted(small)[:3])
    requested: list[int] = []
    c_get, store = retrieve.c_get, Incoming.store

    def refusing(incoming: Incoming, event: evt.Event) -> int:
        uid = str(event.file_meta.MediaStorageSOPInstanceUID)
        return 0xA700 if len(requested) == 1 and uid in refused else store(incoming, event)

    def counted(pacs: PacsSettings, queries: list[Dataset], incoming: Incoming, priority: Priority) -> None:
        requested.append(sum(len(query.get("SOPInstanceUID") or []) for query in queries))
        c_get(pacs, queries, incoming, priority)

    monkeypatch.setattr(Incoming, "store", refusing)
    monkeypatch.setattr(retrieve, "c_get", counted)
    assert differences(retrieved(pacs, "1.2.826.0.1.50"), small) == []
    assert requested[0] == 0
    assert requested[1] >= 3, "Orthanc gives up at the first refusal: more may be missing than were refused"


def test_n02_a_success_status_without_instances_is_not_trusted(
    pacs: PacsSettings, small: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieve, "c_get", lambda *_: None)
    with pytest.raises(TransientError, match="E_INCOMPLETE: 0 of 50"):
        retrieved(pacs, "1.2.826.0.1.50")


def test_a_study_that_the_pacs_does_not_hold_is_an_error(pacs: PacsSettings) -> None:
    with pytest.raises(StudyQuarantinedError, match="E_NO_IMAGES"):
        retrieved(pacs, "1.2.840.404.404")


def test_n04_a_pacs_that_accepts_and_stalls_ends_in_a_timeout(pacs: PacsSettings) -> None:
    with proxied(pacs.port, stalls=True) as proxy:
        started = time.monotonic()
        with pytest.raises(TransientError, match="E_TIMEOUT"):
            find_studies(pacs.model_copy(update={"port": proxy.port, "timeout_s": 1.0}), *EVER)
    assert time.monotonic() - started < 10


def test_n06_the_listing_states_the_patient_of_a_study(pacs: PacsSettings, small: object) -> None:
    contents = list_study(pacs, "1.2.826.0.1.50")
    assert contents.patients == {MARKER_ID}
    assert len(contents.instances) == 50


def test_n06_a_truncated_query_is_repeated_in_parts(pacs: PacsSettings, tmp_path: Path) -> None:
    for day in (1, 2, 3, 4):
        send(pacs, study(f"1.2.826.0.1.70{day}", 1, StudyDate=f"2015010{day}"), tmp_path)
    window = (date(2015, 1, 1), date(2015, 1, 4))
    limited = pacs.model_copy(update={"query_limit": 2})
    assert [listed.study_date[-1] for listed in find_studies(limited, *window)] == ["1", "2", "3", "4"]
    with pytest.raises(TransientError, match="E_QUERY_TRUNCATED"):
        find_studies(pacs.model_copy(update={"query_limit": 1}), *window)


def test_n12_a_wrong_called_title_is_refused(pacs: PacsSettings) -> None:
    assert isinstance(find_studies(pacs, *EVER), list)
    with pytest.raises(TransientError, match="E_PACS"):
        find_studies(pacs.model_copy(update={"called_aet": "SOMEONE"}), *EVER)


def test_n12_a_pacs_without_tls_is_refused_if_tls_is_required(pacs: PacsSettings) -> None:
    import certifi

    secure = pacs.model_copy(update={"tls_ca": Path(certifi.where()), "timeout_s": 3.0})
    with pytest.raises(TransientError, match="E_PACS"):
        find_studies(secure, *EVER)


def test_n12_our_receiver_refuses_an_unknown_peer_and_logs_it(
    pacs: PacsSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unasked = Incoming(frozenset(), 2**20, {})
    unknown_peer = pacs.model_copy(
        update={"port": pacs.listen_port, "called_aet": pacs.calling_aet, "calling_aet": "STRANGER"}
    )
    path = tmp_path / "one.dcm"
    path.write_bytes(dicom_bytes(study("1.2.826.0.1.1", 1)[0]))
    with receiver(pacs, unasked), pytest.raises(TransientError, match="E_PACS"):
        send_study(unknown_peer, [path])
    assert unasked.received == {}
    assert "E_PEER_REFUSED" in caplog.text
    assert "STRANGER" not in caplog.text


def test_n11_a_pdu_of_4_gib_is_refused_and_idle_peers_do_not_block_the_receiver(
    pacs: PacsSettings, small: dict[str, Dataset], caplog: pytest.LogCaptureFixture
) -> None:
    """The receiver of a C-MOVE works while 50 connections are idle and one announces more than memory can hold."""
    move = pacs.model_copy(update={"retrieve": "C-MOVE"})
    incoming = Incoming(frozenset(small), 2**30, {})
    with ExitStack() as sockets, caplog.at_level(logging.WARNING, "idh_tasks"), receiver(pacs, incoming):
        for _ in range(50):
            sockets.enter_context(socket.create_connection(("127.0.0.1", pacs.listen_port)))
        hostile = sockets.enter_context(socket.create_connection(("127.0.0.1", pacs.listen_port)))
        hostile.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFFF))
        hostile.settimeout(10)
        assert hostile.recv(10) == b"", "the connection is closed without an answer"
        request_move(move, [study_query("1.2.826.0.1.50")], pacs.calling_aet)
    assert "E_PEER_PROTOCOL" in caplog.text
    assert differences(incoming.received, small) == []
