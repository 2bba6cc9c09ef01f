"""TCP ports on which the processes of an installation listen, and the list of allowed ports."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil

from idh_tasks.local import postgres, seaweed
from idh_tasks.local.installation import Installation
from idh_tasks.local.ports import GRPC_OFFSET

REASONS = {
    "s3": "S3: every request is signed by a key",
    "s3 gRPC": "between parts of SeaweedFS: requires a client certificate",
    "weed_master": "between parts of SeaweedFS: requires a client certificate",
    "weed_master gRPC": "between parts of SeaweedFS: requires a client certificate",
    "weed_volume": "between parts of SeaweedFS: requires a client certificate",
    "weed_volume gRPC": "between parts of SeaweedFS: requires a client certificate",
    "weed_filer": "between parts of SeaweedFS: requires a client certificate",
    "weed_filer gRPC": "between parts of SeaweedFS: requires a client certificate",
    "orthanc_http": "the PACS of the demo: requires a password",
    "orthanc_dicom": "the PACS of the demo: accepts known AE titles only",
    "airflow": "the UI and Airflow's API: requires a login or a task token",
    "redis": "Celery's broker: requires a password",
}
ON_EVERY_ADDRESS = {
    "orthanc_http": "Orthanc 1.10.1 cannot bind loopback: RemoteAccessAllowed is false (test_orthanc.py)",
    "orthanc_dicom": "Orthanc 1.10.1 cannot bind loopback: DicomCheckModalityHost is true (test_orthanc.py)",
}


@dataclass(frozen=True)
class Listener:
    """A listening port of a process."""

    port: int
    address: str
    program: str


def listeners(installation: Installation) -> set[Listener]:
    """Return the listening ports of an installation."""
    return {listener for process in processes(installation) for listener in _listeners(process)}


def processes(installation: Installation) -> Iterator[psutil.Process]:
    """Yield the processes of the installation, their descendants, and every process that works in its folder."""
    home = installation.home.resolve()
    roots = {int(path.read_text().split()[0]) for path in (home / "run").glob("*.pid")} | {postgres.pid(installation)}
    for process in psutil.process_iter():
        try:
            ancestors = {process.pid, *(parent.pid for parent in process.parents())}
            if ancestors & roots or (process.pid != os.getpid() and Path(process.cwd()).is_relative_to(home)):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _listeners(process: psutil.Process) -> Iterator[Listener]:
    try:
        for connection in process.net_connections(kind="inet"):
            if connection.status == psutil.CONN_LISTEN or (
                not connection.raddr and connection.status == psutil.CONN_NONE
            ):
                yield Listener(connection.laddr.port, connection.laddr.ip, process.name())
    except psutil.NoSuchProcess:
        return


def allowed(installation: Installation) -> dict[int, str]:
    """Return the name of each allowed port."""
    chosen = installation.ports
    plain = {port: name for name, port in chosen.items() if name in REASONS}
    grpc = {chosen[name] + GRPC_OFFSET: f"{name} gRPC" for name in (*seaweed.INTERNAL, "s3")}
    return plain | grpc


def complaints(installation: Installation) -> list[str]:
    """Return each unknown port, and each port that is exposed to the network without a reason."""
    names = allowed(installation)
    return sorted(filter(None, (_complaint(listener, names) for listener in listeners(installation))))


def _complaint(listener: Listener, names: dict[int, str]) -> str | None:
    where = f"{listener.program} on {listener.address}:{listener.port}"
    name = names.get(listener.port)
    if name is None:
        return f"{where} is on no list"
    if not ip_address(listener.address).is_loopback and name not in ON_EVERY_ADDRESS:
        return f"{where} ({name}) is not on loopback"
    return None
