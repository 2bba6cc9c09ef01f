"""An S3 server on loopback (SeaweedFS): one door, with keys of this installation."""

import json
import socket
import sys
from dataclasses import asdict
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.local import store_identities, store_tls
from idh_tasks.local.installation import GRPC_OFFSET, Installation
from idh_tasks.local.process import Service, await_ready, wait_until
from idh_tasks.local.store_doors import open_ports
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET, Identity, StoreKey
from idh_tasks.local.store_upgrade import move_pathology
from idh_tasks.settings import StoreSettings
from idh_tasks.store.objects import ObjectStore

NAME = "s3"
INTERNAL = ("weed_master", "weed_volume", "weed_filer")
KEYS = "store-keys.json"


def settings(installation: Installation, identity: Identity = Identity.PLATFORM) -> StoreSettings:
    """Return how to reach the server, as one of its identities."""
    key = _keys(installation)[identity]
    return StoreSettings(
        endpoint=f"http://127.0.0.1:{installation.ports['s3']}",
        access_key=key.access_key,
        secret_key=key.secret_key,
        pathology_bucket=PATHOLOGY_BUCKET,
    )


def _keys(installation: Installation) -> dict[Identity, StoreKey]:
    """Return the key of each identity, generated once, mode 0600; the platform's is with the other secrets."""
    path = installation.home / KEYS
    stored: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    missing = [identity for identity in Identity if identity not in (*stored, Identity.PLATFORM)]
    if missing:
        stored |= {identity.value: asdict(store_identities.new_key()) for identity in missing}
        installation.write_private(KEYS, json.dumps(stored, indent=1))
    ours = StoreKey(installation.secrets["s3_access_key"], installation.secrets["s3_secret_key"])
    return {Identity.PLATFORM: ours} | {Identity(name): StoreKey(**key) for name, key in stored.items()}


def internal_ports(installation: Installation) -> list[int]:
    """Return the ports by which SeaweedFS talks to itself: nobody else gets in."""
    ports = installation.ports
    plain = [ports[name] for name in INTERNAL]
    return [*plain, *(port + GRPC_OFFSET for port in (*plain, ports["s3"]))]


def start(installation: Installation) -> None:
    """Start the server, create the buckets, and make sure that no other door is open.

    Raises
    ------
    RunRefusedError
        ``E_STORE_INSECURE`` if an internal port takes strangers; the server is stopped.
    """
    service = Service(installation, NAME)
    if service.pid() is not None and _open(installation):
        service.stop()  # started by a version that left the doors open
    if service.pid() is None:
        _start(installation, service)
    await_ready(service, lambda: _listens(installation.ports["s3"]), 60)
    administrator = settings(installation, Identity.ADMINISTRATOR)
    for bucket in (administrator.bucket, administrator.drop_bucket, PATHOLOGY_BUCKET):
        _create(ObjectStore(administrator, bucket))
    if ports := _open(installation):
        service.stop()
        raise RunRefusedError(
            Code.E_STORE_INSECURE, f"the object store takes strangers on ports {ports}; see {service.log}"
        )
    move_pathology(administrator)


def _open(installation: Installation) -> list[int]:
    authority = installation.home / store_tls.AUTHORITY
    ports = internal_ports(installation)
    return open_ports(ports, authority) if authority.exists() else ports


def _start(installation: Installation, service: Service) -> None:
    for name, content in store_tls.files(installation.home).items():
        installation.write_private(name, content)
    identities = store_identities.configuration(_keys(installation), settings(installation))
    service.start(_command(installation, installation.write_private("s3.json", identities)), {})


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
        # Its working directory is the installation's; elsewhere a path may be too long for a socket.
        "-s3.localSocket=run/s3.sock",
        "-filer.localSocket=run/filer.sock",
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
        # There is no other server to tell; with the default, ten seconds more than our grace pass.
        "-volume.preStopSeconds=0",
        "-master.volumeSizeLimitMB=1024",
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _create(store: ObjectStore) -> None:
    """Create a bucket as soon as the server takes requests."""

    def created() -> bool:
        try:
            store.create()
        except TransientError:
            return False
        return True

    wait_until(created, 30)
