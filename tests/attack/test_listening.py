"""Every listening port of the installation is on a list with a reason, and bound to loopback."""

import socket
import sys

from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, wait_until
from tests.attack import listening

SERVER = "import socket, time; s = socket.create_server(('{address}', {port})); time.sleep(60)"


def test_the_services_listen_on_allowed_ports_only(installation: Installation) -> None:
    names = listening.allowed(installation)
    heard = {names[listener.port] for listener in listening.listeners(installation) if listener.port in names}
    not_running = {"airflow", "redis"} if orthanc.installed() else {"airflow", "redis", "orthanc_http", "orthanc_dicom"}
    assert heard == set(listening.REASONS) - not_running
    assert listening.complaints(installation) == []


def test_an_unknown_port_is_reported(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    intruder = Service(installation, "intruder")
    intruder.start([sys.executable, "-c", SERVER.format(address="127.0.0.1", port=port)], {})
    try:
        assert wait_until(lambda: len(listening.complaints(installation)) == 1, 10)
        [complaint] = listening.complaints(installation)
        assert complaint.endswith(f"127.0.0.1:{port} is on no list")
    finally:
        intruder.stop()


def test_a_known_port_on_every_address_is_reported(installation: Installation) -> None:
    port = installation.ports["airflow"]
    careless = Service(installation, "careless")
    careless.start([sys.executable, "-c", SERVER.format(address="0.0.0.0", port=port)], {})  # noqa: S104 - the point
    try:
        assert wait_until(lambda: len(listening.complaints(installation)) == 1, 10)
        [complaint] = listening.complaints(installation)
        assert complaint.endswith(f"0.0.0.0:{port} (airflow) is not on loopback")
    finally:
        careless.stop()


def test_postgresql_has_no_port(installation: Installation) -> None:
    assert not any("postgres" in listener.program for listener in listening.listeners(installation))
