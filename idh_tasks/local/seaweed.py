"""An S3 server on loopback (SeaweedFS): only the S3 port accepts requests, signed with keys of this installation."""

import socket
import sys
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.endpoints import StoreSettings
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.local import accounts, store_identities, store_keys, store_tls
from idh_tasks.local.installation import Installation
from idh_tasks.local.ports import GRPC_OFFSET
from idh_tasks.local.prepare_store import create_buckets
from idh_tasks.local.process import STARTED_S, Service, await_ready
from idh_tasks.local.store_doors import open_ports
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET, Identity
from idh_tasks.local.store_upgrade import move_pathology

NAME = "s3"
SOCKETS = Path("/tmp")  # noqa: S108 - SeaweedFS allows no other folder
INTERNAL = ("weed_master", "weed_volume", "weed_filer")


def settings(installation: Installation, identity: Identity = Identity.PLATFORM) -> StoreSettings:
    """Return the endpoint, the buckets and the key of an identity."""
    key = store_keys.keys(installation)[identity]
    return StoreSettings(
        endpoint=f"http://127.0.0.1:{installation.ports['s3']}",
        access_key=key.access_key,
        secret_key=key.secret_key,
        pathology_bucket=PATHOLOGY_BUCKET,
    )


def internal_ports(installation: Installation) -> list[int]:
    """Return the ports between the parts of SeaweedFS, which require its certificate."""
    ports = installation.ports
    plain = [ports[name] for name in INTERNAL]
    return [*plain, *(port + GRPC_OFFSET for port in (*plain, ports["s3"]))]


def internal_sockets(installation: Installation) -> list[Path]:
    """Return the Unix sockets between the parts of SeaweedFS, which require its certificate; it leaves them behind."""
    ports = installation.ports
    parts = {"master": "weed_master", "volume": "weed_volume", "filer": "weed_filer", "s3": NAME}
    names = (f"seaweedfs-{part}-grpc-{ports[name] + GRPC_OFFSET}.sock" for part, name in parts.items())
    return [SOCKETS / name for name in names]


def start(installation: Installation) -> None:
    """Start the server, create the buckets and check that every internal port requires a certificate.

    Raises
    ------
    RunRefusedError
        ``E_STORE_INSECURE`` if an internal port accepts connections without a certificate; the server is stopped.
    """
    service = Service(installation, NAME)
    if service.pid() is not None and _open(installation):
        service.stop()  # started by a version that did not protect these ports
    if service.pid() is None:
        _start(installation, service)
    administrator = settings(installation, Identity.ADMINISTRATOR)
    await_ready(service, lambda: _listens(installation.ports["s3"]) and _created(administrator), STARTED_S)
    if ports := _open(installation):
        service.stop()
        raise RunRefusedError(
            Code.E_STORE_INSECURE, f"ports {ports} of the object store require no certificate; see {service.log}"
        )
    move_pathology(administrator)


def _open(installation: Installation) -> list[int]:
    authority = installation.home / store_tls.AUTHORITY
    ports = internal_ports(installation)
    return open_ports(ports, authority) if authority.exists() else ports


def _remove_left_sockets(installation: Installation) -> None:
    for path in internal_sockets(installation):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            raise RunRefusedError(
                Code.E_START, f"{path} belongs to another user, so the object store cannot use it; remove it"
            ) from None


def _start(installation: Installation, service: Service) -> None:
    # A server that ran as another user has left sockets that this one could not replace.
    _remove_left_sockets(installation)
    files = [installation.write_private(*file) for file in store_tls.files(installation.home).items()]
    identities = store_identities.configuration(store_keys.keys(installation), settings(installation))
    config, folder = installation.write_private("s3.json", identities), installation.folder(NAME)
    command = _command(installation, config)
    account = accounts.account_of(installation, NAME, command[0])
    accounts.give(account, folder, config, *files)
    service.start(command, {"HOME": str(folder)}, account)


def _command(installation: Installation, config: Path) -> list[str]:
    ports = installation.ports
    return [
        str(Path(sys.executable).with_name("weed")),
        "server",
        f"-dir={installation.folder('s3')}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-disableHttp",
        "-s3",
        f"-s3.port={ports['s3']}",
        f"-s3.config={config}",
        # Relative to the installation's folder: the absolute path may be too long for a socket.
        "-s3.localSocket=s3/s3.sock",
        "-filer.localSocket=s3/filer.sock",
        "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-master.port={ports['weed_master']}",
        f"-volume.port={ports['weed_volume']}",
        f"-filer.port={ports['weed_filer']}",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        "-volume.max=0",
        # No other server needs notice; with the default, stopping takes longer than GRACE_S.
        "-volume.preStopSeconds=0",
        "-master.volumeSizeLimitMB=1024",
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _created(administrator: StoreSettings) -> bool:
    """Create the buckets; return whether the server already accepts requests."""
    try:
        create_buckets(administrator)
    except TransientError:
        return False
    return True
