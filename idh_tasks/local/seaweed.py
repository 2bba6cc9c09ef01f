"""An S3 server on loopback (SeaweedFS), with the keys of this installation."""

import json
import socket
import sys
from pathlib import Path

from idh_tasks.errors import TransientError
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, await_ready, wait_until
from idh_tasks.settings import StoreSettings
from idh_tasks.store.objects import ObjectStore

NAME = "s3"


def settings(installation: Installation) -> StoreSettings:
    """Return how to reach the server."""
    keys = installation.secrets
    return StoreSettings(
        endpoint=f"http://127.0.0.1:{installation.ports['s3']}",
        access_key=keys["s3_access_key"],
        secret_key=keys["s3_secret_key"],
    )


def _identities(installation: Installation) -> str:
    keys = installation.secrets
    credentials = {"accessKey": keys["s3_access_key"], "secretKey": keys["s3_secret_key"]}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "idh", "credentials": [credentials], "actions": actions}]})


def start(installation: Installation) -> None:
    """Start the server and create both buckets."""
    ports, config = installation.ports, installation.write_private("s3.json", _identities(installation))
    service = Service(installation, NAME)
    service.start(
        [
            str(Path(sys.executable).with_name("weed")),
            "server",
            f"-dir={installation.folder('s3')}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            f"-s3.port={ports['s3']}",
            f"-s3.config={config}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-master.port={ports['weed_master']}",
            f"-volume.port={ports['weed_volume']}",
            f"-filer.port={ports['weed_filer']}",
            "-master.electionTimeout=1s",
            "-volume.max=0",
            "-master.volumeSizeLimitMB=1024",
        ],
        {},
    )
    await_ready(service, lambda: _listens(ports["s3"]), 60)
    for bucket in (settings(installation).bucket, settings(installation).drop_bucket):
        _create(ObjectStore(settings(installation), bucket))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _create(store: ObjectStore) -> None:
    """Create a bucket as soon as the server accepts requests."""

    def created() -> bool:
        try:
            store.create()
        except TransientError:
            return False
        return True

    wait_until(created, 30)
