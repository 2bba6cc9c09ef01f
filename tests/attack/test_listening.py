"""Every listening port of the installation is on a list with a reason, and bound to loopback."""

import socket
import sys

from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, wait_until
from tests.attack import listening
from tests.attack.processes import Topology

SERVER = "import socket, time; s = socket.create_server(('{address}', {port})); time.sleep(60)"
ON_EVERY_ADDRESS = (
    "import socket, time; s = socket.create_server(('::', {port}), family=socket.AF_INET6); time.sleep(60)"
)


def test_the_services_listen_on_allowed_ports_only(attacked: Installation, topology: Topology) -> None:
    names = listening.allowed(attacked)
    heard = {names[listener.port] for listener in listening.listeners(attacked) if listener.port in names}
    absent = set() if orthanc.installed() else {"orthanc_http", "orthanc_dicom"}
    absent |= set() if topology is Topology.CELERY else {"redis"}
    assert heard == set(listening.REASONS) - absent
    assert listening.complaints(attacked) == []


def test_an_unknown_port_is_reported(attacked: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    intruder = Service(attacked, "intruder")
    intruder.start([sys.executable, "-c", SERVER.format(address="127.0.0.1", port=port)], {})
    try:
        assert wait_until(lambda: len(listening.complaints(attacked)) == 1, 10)
        [complaint] = listening.complaints(attacked)
        assert complaint.endswith(f"127.0.0.1:{port} is on no list")
    finally:
        intruder.stop()


def test_a_known_port_on_every_address_is_reported(attacked: Installation) -> None:
    port = attacked.ports["airflow"]
    careless = Service(attacked, "careless")
    careless.start([sys.executable, "-c", ON_EVERY_ADDRESS.format(port=port)], {})
    try:
        assert wait_until(lambda: len(listening.complaints(attacked)) == 1, 10)
        [complaint] = listening.complaints(attacked)
        assert complaint.endswith(f":::{port} (airflow) is not on loopback")
    finally:
        careless.stop()


def test_postgresql_has_no_port(attacked: Installation) -> None:
    assert not any("postgres" in listener.program for listener in listening.listeners(attacked))
