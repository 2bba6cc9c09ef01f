"""Associations: both sides present valid certificates (PS3.15 annex B), and no answer of the PACS is lost."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport.association import association, echo
from idh_tasks.local.process import wait_until
from tests.certificates import CertificateFiles, certify


@contextmanager
def listening(
    model: str, handler: Any, context: ssl.SSLContext | None = None, *, strict: bool = False
) -> Iterator[int]:
    """Run a PACS that answers one kind of request, if `strict` by its AE title only; yield its port."""
    ae = AE(ae_title="PACS")
    ae.require_called_aet = strict
    ae.add_supported_context(model)
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=[handler])
    assert server is not None
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@contextmanager
def pacs(server: CertificateFiles, authority: CertificateFiles) -> Iterator[int]:
    """Run a PACS that requires TLS and our certificate; yield its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(str(server.certificate), str(server.key))
    with listening(Verification, (evt.EVT_C_ECHO, lambda _: 0x0000), context) as port:
        yield port


@pytest.fixture
def authority(tmp_path: Path) -> CertificateFiles:
    return certify(tmp_path, "authority")


def settings(port: int, authority: CertificateFiles, ours: CertificateFiles | None) -> PacsSettings:
    return PacsSettings(
        host="127.0.0.1",
        port=port,
        called_aet="PACS",
        calling_aet="US",
        timeout_s=3,
        tls_ca=authority.certificate,
        tls_certificate=ours.certificate if ours else None,
        tls_key=ours.key if ours else None,
    )


def test_n12_certificates_of_the_authority_are_accepted_on_both_sides(
    tmp_path: Path, authority: CertificateFiles
) -> None:
    ours, theirs = (certify(tmp_path, name, authority) for name in ("ours", "theirs"))
    with pacs(theirs, authority) as port:
        echo(settings(port, authority, ours))


@pytest.mark.parametrize("how", ["expired", "self-signed", "no client certificate", "no TLS"])
def test_n12_a_side_without_a_valid_certificate_is_refused(
    tmp_path: Path, authority: CertificateFiles, how: str
) -> None:
    ours = certify(tmp_path, "ours", authority)
    theirs = certify(tmp_path, "theirs", None if how == "self-signed" else authority, expired=how == "expired")
    with pacs(theirs, authority) as port:
        secured = settings(port, authority, None if how == "no client certificate" else ours)
        if how == "no TLS":
            secured = secured.model_copy(update={"tls_ca": None})
        with pytest.raises(TransientError) as caught:
            echo(secured)
    assert caught.value.code in ("E_PACS", "E_TIMEOUT")


class DelayedCheckpoint(threading.Event):
    """Replaces pynetdicom's checkpoint: the thread that waits at it leaves only when an answer is in the queue."""

    def __init__(self, opened: Association) -> None:
        super().__init__()
        self.set()
        self._answers = opened.dimse.msg_queue

    def wait(self, timeout: float | None = None) -> bool:
        done = super().wait(timeout)
        wait_until(lambda: not self._answers.empty(), 0.5, pause_s=0.001)
        return done


def delay_reactor(opened: Association) -> None:
    """Let pynetdicom's thread leave its pause too late, and the caller look for the answer later still."""
    # pynetdicom has no public way to delay its thread, and the test needs this very race.
    opened._reactor_checkpoint = DelayedCheckpoint(opened)
    send = opened.dimse.send_msg

    def send_slowly(*message: Any) -> None:
        send(*message)
        time.sleep(0.2)

    opened.dimse.send_msg = send_slowly  # type: ignore[method-assign, assignment]  # of this association only
    # By now the thread has left pynetdicom's own checkpoint for this one.
    time.sleep(0.1)


def test_n01_no_answer_is_lost_to_a_delayed_thread() -> None:
    model, row = StudyRootQueryRetrieveInformationModelFind, Dataset()
    row.QueryRetrieveLevel, row.StudyInstanceUID = "STUDY", "1.2"
    with listening(model, (evt.EVT_C_FIND, lambda _: ((0xFF00, row) for _ in range(5)))) as port:
        pacs_settings = PacsSettings(host="127.0.0.1", port=port, called_aet="PACS", calling_aet="US", timeout_s=3)
        with association(pacs_settings, [], model) as opened:
            delay_reactor(opened)
            rows = [identifier for _, identifier in opened.send_c_find(row, model) if identifier]
    assert rows == [row] * 5


def test_a_rejection_states_its_reason_although_the_connection_is_closed_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy machine, the thread that asks for an association may look after the PACS has rejected it."""
    send = ACSE.send_request

    def slowly(acse: ACSE) -> None:
        send(acse)
        assert wait_until(lambda: acse.dul._kill_thread, 10), "rejected"

    monkeypatch.setattr(ACSE, "send_request", slowly)
    with listening(Verification, (evt.EVT_C_ECHO, lambda _: 0x0000), strict=True) as port:
        pacs = PacsSettings(host="127.0.0.1", port=port, called_aet="OTHER", calling_aet="US", timeout_s=3)
        with pytest.raises(TransientError, match="E_PACS: the PACS has another AE title"):
            echo(pacs)
