"""TLS to the PACS: both sides show certificates, and only valid ones are taken (PS3.15 annex B)."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

from idh_tasks.errors import TransientError
from idh_tasks.intake.association import echo
from idh_tasks.settings import PacsSettings
from tests.certificates import Certified, certify


@contextmanager
def pacs(server: Certified, authority: Certified) -> Iterator[int]:
    """Run a PACS that speaks TLS and asks for our certificate; yield its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(str(server.certificate), str(server.key))
    ae = AE(ae_title="PACS")
    ae.add_supported_context(Verification)
    handlers = [(evt.EVT_C_ECHO, lambda _: 0x0000)]
    listening = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=handlers)
    yield listening.server_address[1]
    listening.shutdown()


@pytest.fixture
def authority(tmp_path: Path) -> Certified:
    return certify(tmp_path, "authority")


def settings(port: int, authority: Certified, ours: Certified | None) -> PacsSettings:
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


def test_n12_certificates_of_the_authority_are_taken_on_both_sides(tmp_path: Path, authority: Certified) -> None:
    ours, theirs = (certify(tmp_path, name, authority) for name in ("ours", "theirs"))
    with pacs(theirs, authority) as port:
        echo(settings(port, authority, ours))


@pytest.mark.parametrize("how", ["expired", "self-signed", "no certificate of ours", "no TLS of ours"])
def test_n12_what_is_not_certified_is_refused(tmp_path: Path, authority: Certified, how: str) -> None:
    ours = certify(tmp_path, "ours", authority)
    theirs = certify(tmp_path, "theirs", None if how == "self-signed" else authority, expired=how == "expired")
    with pacs(theirs, authority) as port:
        asked = settings(port, authority, None if how == "no certificate of ours" else ours)
        if how == "no TLS of ours":
            asked = asked.model_copy(update={"tls_ca": None})
        with pytest.raises(TransientError) as caught:
            echo(asked)
    assert caught.value.code in ("E_PACS", "E_TIMEOUT")
