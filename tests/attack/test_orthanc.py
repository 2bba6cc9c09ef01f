"""The PACS of the demo binds every address, but refuses connections from elsewhere."""

import socket
from ipaddress import ip_address

import httpx
import psutil
import pytest
from pynetdicom import AE

from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation

VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def own_address() -> str:
    """Return an address of this machine that other machines could reach."""
    interfaces = psutil.net_if_addrs().values()
    addresses = [item.address for interface in interfaces for item in interface if item.family is socket.AF_INET]
    reachable = [address for address in addresses if not ip_address(address).is_loopback]
    if not reachable:
        pytest.skip("this machine has no address but loopback")
    return reachable[0]


@pytest.fixture
def pacs(attacked: Installation) -> Installation:
    if not orthanc.installed():
        pytest.skip("Orthanc is not installed")
    return attacked


def test_its_http_port_refuses_other_addresses_despite_the_password(pacs: Installation, own_address: str) -> None:
    login = (orthanc.USER, pacs.secrets["orthanc_password"])
    port = pacs.ports["orthanc_http"]
    assert httpx.get(f"http://127.0.0.1:{port}/system", auth=login).is_success
    assert httpx.get(f"http://{own_address}:{port}/system", auth=login).status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("title", ["IDHPLATFORM", "STRANGER"])
def test_its_dicom_port_refuses_other_addresses(pacs: Installation, own_address: str, title: str) -> None:
    assert not greets(own_address, pacs.ports["orthanc_dicom"], title)


def test_its_dicom_port_accepts_the_platform_and_no_other_title(pacs: Installation) -> None:
    assert greets("127.0.0.1", pacs.ports["orthanc_dicom"], "IDHPLATFORM")
    assert not greets("127.0.0.1", pacs.ports["orthanc_dicom"], "STRANGER")


def greets(address: str, port: int, title: str) -> bool:
    """Return whether C-ECHO succeeds."""
    ae = AE(title)
    ae.add_requested_context(VERIFICATION)
    association = ae.associate(address, port, ae_title=orthanc.CALLED_AET, bind_address=(address, 0))
    try:
        return bool(association.is_established and association.send_c_echo())
    finally:
        association.release()
