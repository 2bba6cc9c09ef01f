"""The object store is reachable through its S3 port only, with a key."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from idh_tasks.endpoints import StoreSettings
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import seaweed, store_tls
from idh_tasks.local.installation import Installation
from idh_tasks.local.ports import GRPC_OFFSET
from idh_tasks.local.process import Service, await_ready
from idh_tasks.local.store_doors import open_ports
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET, Identity
from idh_tasks.store.objects import ObjectStore
from tests.attack import strangers
from tests.attack.strangers import ATTACKS, CONTENT, DOOMED, SPARE, VICTIM, Stranger
from tests.certificates import certify
from tests.conftest import temporary_installation

OLD_BUCKET = "idh-drop"


@pytest.fixture(scope="module")
def old_store() -> Iterator[Installation]:
    """Start the store with the configuration of older versions."""
    with temporary_installation() as installation:
        start_as_before(installation)
        plant(StoreSettings(**old_settings(installation)), OLD_BUCKET)
        yield installation


def old_settings(installation: Installation) -> dict[str, str]:
    keys = installation.secrets
    endpoint = f"http://127.0.0.1:{installation.ports['s3']}"
    return {"endpoint": endpoint, "access_key": keys["s3_access_key"], "secret_key": keys["s3_secret_key"]}


def start_as_before(installation: Installation) -> None:
    ports, old = installation.ports, old_settings(installation)
    credentials = [{"accessKey": old["access_key"], "secretKey": old["secret_key"]}]
    identity = {"name": "idh", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    config = installation.write_private("s3.json", json.dumps({"identities": [identity]}))
    service = Service(installation, seaweed.NAME)
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
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
            "-volume.max=0",
            "-master.volumeSizeLimitMB=1024",
        ],
        {},
    )
    await_ready(service, lambda: takes(StoreSettings(**old)), 60)


def takes(settings: StoreSettings) -> bool:
    try:
        ObjectStore(settings, OLD_BUCKET).create()
    except Exception:  # it is starting
        return False
    return True


def plant(settings: StoreSettings, bucket: str) -> None:
    ObjectStore(settings, DOOMED).create()
    for name, key in ((bucket, VICTIM), (bucket, SPARE), (DOOMED, "object")):
        ObjectStore(settings, name).put(key, CONTENT)


@pytest.fixture(scope="module")
def store(attacked: Installation) -> Installation:
    plant(seaweed.settings(attacked, Identity.ADMINISTRATOR), PATHOLOGY_BUCKET)
    return attacked


def stranger(installation: Installation, bucket: str) -> Stranger:
    return Stranger(installation, bucket, strangers.victim_file_id(installation, bucket))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_each_attack_succeeds_on_the_old_configuration(
    old_store: Installation, attack: Callable[[Stranger], bool]
) -> None:
    assert attack(stranger(old_store, OLD_BUCKET))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_no_attack_succeeds(store: Installation, attack: Callable[[Stranger], bool]) -> None:
    assert not attack(stranger(store, PATHOLOGY_BUCKET))


def test_the_attacked_objects_are_unchanged(store: Installation) -> None:
    administrator = seaweed.settings(store, Identity.ADMINISTRATOR)
    pathology = ObjectStore(administrator, PATHOLOGY_BUCKET)
    assert {item.key for item in pathology.listed("")} >= {VICTIM, SPARE}
    assert "pathology/evil.hl7" not in {item.key for item in pathology.listed("")}
    assert pathology.get(VICTIM) == ObjectStore(administrator, DOOMED).get("object") == CONTENT


def test_a_certificate_of_another_authority_is_refused(store: Installation, tmp_path: Path) -> None:
    authority = certify(tmp_path, "another authority")
    node = certify(tmp_path, "localhost", issuer=authority)
    credentials = grpc.ssl_channel_credentials(
        (store.home / store_tls.AUTHORITY).read_bytes(), node.key.read_bytes(), node.certificate.read_bytes()
    )
    port = store.ports["weed_filer"] + GRPC_OFFSET
    request = strangers.listing(PATHOLOGY_BUCKET, VICTIM)
    assert strangers.first_message(port, strangers.LIST, request, credentials) == b""
    own = strangers.own_credentials(store.home)
    assert b"result.hl7" in strangers.first_message(port, strangers.LIST, request, own), "the request is valid"


def test_every_internal_port_requires_a_certificate(store: Installation) -> None:
    ports = seaweed.internal_ports(store)
    assert len(ports) == 7
    assert open_ports(ports, store.home / store_tls.AUTHORITY) == []


def test_the_store_is_stopped_if_a_port_requires_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    real = store_tls.files

    def without_grpc(folder: Path) -> dict[str, str]:
        text = real(folder)
        head, _, tail = text[store_tls.CONFIGURATION].partition("[grpc]")
        https = tail[tail.index("[https.") :]
        return {**text, store_tls.CONFIGURATION: head + https}

    monkeypatch.setattr(store_tls, "files", without_grpc)
    with temporary_installation() as installation:
        with pytest.raises(RunRefusedError, match="E_STORE_INSECURE"):
            seaweed.start(installation)
        assert Service(installation, seaweed.NAME).pid() is None


def test_a_store_of_an_older_version_is_protected_and_keeps_its_objects(old_store: Installation) -> None:
    before = Service(old_store, seaweed.NAME).pid()
    as_before = ObjectStore(StoreSettings(**old_settings(old_store)), OLD_BUCKET)
    as_before.put("drop/study.zip", CONTENT)
    as_before.put("pathology/fresh.hl7", CONTENT)
    seaweed.start(old_store)
    assert Service(old_store, seaweed.NAME).pid() not in (None, before)
    assert open_ports(seaweed.internal_ports(old_store), old_store.home / store_tls.AUTHORITY) == []
    platform = seaweed.settings(old_store)
    assert ObjectStore(platform, OLD_BUCKET).get("drop/study.zip") == CONTENT
    assert ObjectStore(platform, PATHOLOGY_BUCKET).get("pathology/fresh.hl7") == CONTENT
    left = {item.key for item in ObjectStore(platform, OLD_BUCKET).listed("pathology/")}
    assert left == {VICTIM}, "the object damaged by an attack is unreadable and stays"
