"""Attacks on the receiver of a C-MOVE: it takes what was asked for, from the PACS, once, and not too much of it."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO

from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import StudyQuarantinedError, TransientError
from idh_tasks.intake.transport.destinations import Destination
from idh_tasks.intake.transport.incoming import Incoming
from idh_tasks.intake.transport.receiver import receiver
from idh_tasks.intake.transport.retrieve import retrieve
from tests.certificates import CertificateFiles, certify
from tests.deliveries import retrieved
from tests.hospital import with_instance_uid
from tests.pacs_double import STUDY, PacsDouble, free_port, instances, pacs_double, sent

SUCCESS, DUPLICATE, NOT_AUTHORIZED = 0x0000, 0x0111, 0x0124
MIB = 2**20


def settings(**update: object) -> PacsSettings:
    base = PacsSettings(host="127.0.0.1", port=1, called_aet="PACS", calling_aet="US", timeout_s=3, listen_port=1)
    return base.model_copy(update={"listen_port": free_port(), **update})


def awaiting(wanted: list[Dataset], most_bytes: int = MIB) -> Incoming:
    return Incoming(frozenset(str(ds.SOPInstanceUID) for ds in wanted), most_bytes, {})


@contextmanager
def listening(incoming: Incoming, pacs: PacsSettings) -> Iterator[Destination]:
    with receiver(pacs, incoming) as destination:
        yield destination


def other_bytes(ds: Dataset) -> Dataset:
    """Return an instance with the UID of another one and pixels of the attacker."""
    changed = dcmread(DicomBytesIO(_file(ds)))
    changed.PixelData = bytes(len(ds.PixelData))
    return changed


def _file(ds: Dataset) -> bytes:
    buffer = DicomBytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_an_instance_that_was_not_asked_for_is_refused() -> None:
    asked, unasked = instances(2)
    incoming = awaiting([asked])
    with listening(incoming, settings()) as there:
        assert sent(there.port, [unasked, asked]) == [NOT_AUTHORIZED, SUCCESS]
    assert list(incoming.received) == [asked.SOPInstanceUID]
    incoming.check()


def test_a_second_copy_with_other_bytes_is_refused_and_never_overwrites() -> None:
    (asked,) = instances(1)
    incoming = awaiting([asked])
    with listening(incoming, settings()) as there:
        assert sent(there.port, [asked]) == [SUCCESS]
        before = incoming.received[asked.SOPInstanceUID]
        assert sent(there.port, [other_bytes(asked), asked]) == [DUPLICATE, SUCCESS]
    assert incoming.received[asked.SOPInstanceUID] == before
    with pytest.raises(TransientError, match="E_RETRIEVE_CONFLICT"):
        incoming.check()


@pytest.mark.parametrize("first", ["the PACS", "the attacker"])
@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_a_retrieve_with_two_contents_of_an_instance_fails_by_name(first: str, how: str) -> None:
    """Whichever comes first: nobody knows which of the two is the right one."""
    genuine = instances(2)
    copies = [other_bytes(genuine[0]), *genuine] if first == "the attacker" else [*genuine, other_bytes(genuine[0])]
    with pacs_double(PacsDouble(copies)) as double:
        pacs = double.settings.model_copy(update={"retrieve": how, "listen_port": free_port()})
        double.receivers = {"US": pacs.listen_port}
        with pytest.raises(TransientError, match="E_RETRIEVE_CONFLICT"):
            retrieve(pacs, STUDY, double.contents, {})


def test_an_attacker_beside_a_running_move_replaces_nothing() -> None:
    genuine = instances(3)
    port = free_port()
    double = PacsDouble(genuine, receivers={"US": port})
    foreign = with_instance_uid(other_bytes(genuine[0]), f"{STUDY}.666")
    answers: list[int | None] = []

    def attack() -> None:
        answers.extend(sent(port, [foreign]))
        answers.extend(sent(port, [other_bytes(genuine[0])], bind_address=("127.0.0.2", 0)))

    double.before_move = attack
    with pacs_double(double):
        pacs = double.settings.model_copy(update={"retrieve": "C-MOVE", "listen_port": port})
        received = retrieved(pacs, STUDY, double.contents)
    assert answers == [NOT_AUTHORIZED, None]
    pixels = {uid: dcmread(DicomBytesIO(content)).PixelData for uid, content in received.items()}
    assert pixels == {str(ds.SOPInstanceUID): ds.PixelData for ds in genuine}


def test_a_peer_with_another_address_is_refused_before_it_says_a_word(caplog: pytest.LogCaptureFixture) -> None:
    (asked,) = instances(1)
    incoming = awaiting([asked])
    with caplog.at_level(logging.WARNING), listening(incoming, settings()) as there:
        assert sent(there.port, [asked], bind_address=("127.0.0.2", 0)) == [None]
    assert incoming.received == {}
    assert "E_PEER_REFUSED: a peer with another address" in caplog.text
    assert "127.0.0.2" not in caplog.text


def test_a_further_address_of_the_pacs_is_accepted() -> None:
    (asked,) = instances(1)
    pacs = PacsSettings.model_validate(settings().model_dump() | {"peers": '["127.0.0.0/30"]'})
    with listening(awaiting([asked]), pacs) as there:
        assert sent(there.port, [asked], bind_address=("127.0.0.2", 0)) == [SUCCESS]


def test_the_receiver_listens_on_one_address_only() -> None:
    """The default is the address from which this machine reaches the PACS, never every address."""
    with listening(awaiting([]), settings()) as there:
        assert there.host == "127.0.0.1"
    with listening(awaiting([]), settings(listen_host="127.0.0.3")) as there:
        assert there.host == "127.0.0.3"
        assert sent(there.port, instances(1)) == [None]


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_a_retrieve_ends_at_its_limit_of_bytes(how: str) -> None:
    large = instances(6, PixelData=bytes(MIB // 2), Rows=512, Columns=512)
    with pacs_double(PacsDouble(large)) as double:
        pacs = double.settings.model_copy(update={"retrieve": how, "listen_port": free_port(), "max_bytes": MIB})
        double.receivers = {"US": pacs.listen_port}
        received: dict[str, bytes] = {}
        with pytest.raises(StudyQuarantinedError, match="E_RETRIEVE_SIZE"):
            retrieve(pacs, STUDY, double.contents, received=received)
    assert sum(map(len, received.values())) <= MIB


def test_one_instance_is_not_assembled_beyond_the_limit() -> None:
    (enormous,) = instances(1, PixelData=bytes(8 * MIB), Rows=2048, Columns=2048)
    incoming = awaiting([enormous], MIB)
    with listening(incoming, settings()) as there:
        assert sent(there.port, [enormous]) == [None]
    assert incoming.received == {}
    with pytest.raises(StudyQuarantinedError, match="E_RETRIEVE_SIZE"):
        incoming.check()


@pytest.fixture
def authority(tmp_path: Path) -> CertificateFiles:
    return certify(tmp_path, "authority")


@pytest.mark.parametrize("peer", ["of the authority", "self-signed", "without a certificate", "without TLS"])
def test_with_tls_a_peer_needs_a_certificate_of_the_authority(
    tmp_path: Path, authority: CertificateFiles, peer: str
) -> None:
    (asked,) = instances(1)
    ours = certify(tmp_path, "ours", authority)
    theirs = certify(tmp_path, "theirs", None if peer == "self-signed" else authority)
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if peer != "without a certificate":
        context.load_cert_chain(str(theirs.certificate), str(theirs.key))
    pacs = settings(tls_ca=authority.certificate, tls_certificate=ours.certificate, tls_key=ours.key)
    options: dict[str, Any] = {} if peer == "without TLS" else {"tls_args": (context, "127.0.0.1")}
    with listening(awaiting([asked]), pacs) as there:
        assert sent(there.port, [asked], **options) == [SUCCESS if peer == "of the authority" else None]
