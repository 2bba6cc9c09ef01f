"""Every Unix socket of the installation is on a list, and none is a door without a key."""

import stat
import sys

import grpc
import httpx
import pytest

from idh_tasks.local import seaweed, store_tls
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.store.objects import ObjectStore
from tests.attack import sockets, strangers

SERVER = "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind({path!r}); s.listen(); time.sleep(60)"
FILER = "/filer_pb.SeaweedFiler/GetFilerConfiguration"
METHODS = {
    "master": "/master_pb.Seaweed/VolumeList",
    "volume": "/volume_server_pb.VolumeServer/VolumeServerStatus",
    "filer": FILER,
    "s3": "/s3_pb.SeaweedS3IamCache/ListPolicies",
}


def test_the_processes_listen_on_allowed_sockets_only(attacked: Installation) -> None:
    assert set(sockets.listeners(attacked)) == set(sockets.allowed(attacked))
    assert sockets.complaints(attacked) == []


@pytest.mark.parametrize("path", ["run/evil.sock", "\0evil"])
def test_an_unknown_socket_is_reported(attacked: Installation, path: str) -> None:
    intruder = Service(attacked, "intruder")
    intruder.start([sys.executable, "-c", SERVER.format(path=path)], {})
    try:
        assert wait_until(lambda: len(sockets.complaints(attacked)) == 1, 10)
        assert "evil" in sockets.complaints(attacked)[0]
    finally:
        intruder.stop()
        (attacked.home / "run/evil.sock").unlink(missing_ok=True)


@pytest.mark.parametrize("part", ["s3", "filer"])
def test_only_the_owner_may_connect_to_the_stores_sockets(attacked: Installation, part: str) -> None:
    assert not sockets.of_the_store(attacked, part).stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@pytest.mark.parametrize("part", ["s3", "filer"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_stores_sockets_answer_no_request_without_a_key(attacked: Installation, part: str, method: str) -> None:
    store = ObjectStore(seaweed.settings(attacked, Identity.ADMINISTRATOR))
    store.put("models/victim", b"content")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(sockets.of_the_store(attacked, part)))) as client:
        for path in ("/buckets/idh-store/models/victim", "/idh-store/models/victim"):
            answer = client.request(method, f"http://localhost{path}", content=b"evil" if method == "PUT" else None)
            assert answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN)
    assert store.get("models/victim") == b"content"


def test_the_internal_sockets_require_a_certificate(attacked: Installation) -> None:
    own = strangers.own_credentials(attacked.home)
    authority = grpc.ssl_channel_credentials((attacked.home / store_tls.AUTHORITY).read_bytes())
    for path in seaweed.internal_sockets(attacked):
        method = METHODS[path.name.split("-")[1]]
        assert strangers.first_message(path, method, b"") == b""
        assert strangers.first_message(path, method, b"", authority) == b""
        assert own is not None
        assert strangers.first_message(path, method, b"", own) or "-s3-" in path.name, "the request is valid"
