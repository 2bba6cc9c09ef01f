"""Attempts of an unauthenticated client on the ports of SeaweedFS; each function returns whether it succeeded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx

from idh_tasks.local import store_tls
from idh_tasks.local.installation import Installation
from idh_tasks.local.ports import GRPC_OFFSET

VICTIM, SPARE = "pathology/result.hl7", "pathology/spare.hl7"
DOOMED = "idh-doomed"
CONTENT = b"IDH1 wild-type " * 700
FILE_ID = re.compile(rb"\d+,[0-9a-f]{10,}")
TIMEOUT_S = 3.0
UPLOAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nevil\r\n--x--\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@dataclass(frozen=True)
class Stranger:
    """A client on the same machine that knows ports, bucket and object key, but has no credentials."""

    installation: Installation
    bucket: str
    file_id: str
    """File id of the victim on the volume server."""

    def http(self, port: str, method: str, path: str, content: bytes | None = None) -> list[httpx.Response]:
        """Return the responses of a port over plain HTTP and over HTTPS."""
        number = self.installation.ports[port]
        answers = []
        for scheme in ("http", "https"):
            try:
                with httpx.Client(verify=False, timeout=TIMEOUT_S) as client:  # noqa: S501 - an attacker does not verify the server
                    answers.append(
                        client.request(method, f"{scheme}://127.0.0.1:{number}{path}", content=content, headers=FORM)
                    )
            except httpx.TransportError:
                continue
        return answers

    def grpc(self, port: str, method: str, request: bytes) -> bytes:
        """Return the first response message of a method, or nothing."""
        return first_message(self.installation.ports[port] + GRPC_OFFSET, method, request)


def first_message(
    door: int | Path, method: str, request: bytes, credentials: grpc.ChannelCredentials | None = None
) -> bytes:
    """Call a method with an encoded request; return the first response message, or nothing if it is refused.

    Parameters
    ----------
    door
        A port, or a Unix socket.
    """
    target = f"127.0.0.1:{door}" if isinstance(door, int) else f"unix:{door}"
    named = [("grpc.ssl_target_name_override", "127.0.0.1")]
    channel = grpc.secure_channel(target, credentials, named) if credentials else grpc.insecure_channel(target)
    with channel:
        call = channel.unary_stream(method, request_serializer=None, response_deserializer=None)
        try:
            return bytes(next(iter(call(request, timeout=TIMEOUT_S)), b""))
        except grpc.RpcError:
            return b""


def text_field(number: int, text: str) -> bytes:
    """Encode a text of at most 127 bytes as a Protocol Buffers field."""
    return bytes([number << 3 | 2, len(text)]) + text.encode()


LIST, DELETE = "/filer_pb.SeaweedFiler/ListEntries", "/filer_pb.SeaweedFiler/DeleteEntry"


def victim_file_id(installation: Installation, bucket: str) -> str:
    """Return the file id of the victim, asking with the certificate of the server if there is one."""
    port = installation.ports["weed_filer"] + GRPC_OFFSET
    answer = first_message(port, LIST, listing(bucket, VICTIM), own_credentials(installation.home))
    match = FILE_ID.search(answer)
    assert match is not None, "the victim has no file id"
    return match.group().decode()


def listing(bucket: str, key: str) -> bytes:
    """Encode a request to list one object."""
    folder, _, name = key.rpartition("/")
    return text_field(1, f"/buckets/{bucket}/{folder}") + text_field(2, name)


def own_credentials(home: Path) -> grpc.ChannelCredentials | None:
    """Return the credentials of the server itself."""
    names = (store_tls.AUTHORITY, store_tls.KEY, store_tls.CERTIFICATE)
    if not all((home / name).exists() for name in names):
        return None
    return grpc.ssl_channel_credentials(*((home / name).read_bytes() for name in names))


def reads_by_filer(stranger: Stranger) -> bool:
    answers = stranger.http("weed_filer", "GET", f"/buckets/{stranger.bucket}/{VICTIM}")
    return any(answer.content == CONTENT for answer in answers)


def writes_by_filer(stranger: Stranger) -> bool:
    answers = stranger.http("weed_filer", "POST", f"/buckets/{stranger.bucket}/pathology/evil.hl7", UPLOAD)
    return any(answer.is_success for answer in answers)


def reads_by_volume(stranger: Stranger) -> bool:
    return any(answer.content == CONTENT for answer in stranger.http("weed_volume", "GET", f"/{stranger.file_id}"))


def is_assigned_a_place_by_master(stranger: Stranger) -> bool:
    return any("fid" in answer.text for answer in stranger.http("weed_master", "GET", "/dir/assign"))


def stores_by_master(stranger: Stranger) -> bool:
    return any(answer.is_success for answer in stranger.http("weed_master", "POST", "/submit", UPLOAD))


def writes_by_volume(stranger: Stranger) -> bool:
    """Overwrite the content of a known file id."""
    return any(answer.is_success for answer in stranger.http("weed_volume", "PUT", f"/{stranger.file_id}", UPLOAD))


def deletes_a_bucket_by_master(stranger: Stranger) -> bool:
    answers = stranger.http("weed_master", "GET", f"/col/delete?collection={DOOMED}")
    return any(answer.is_success for answer in answers)


def lists_by_grpc(stranger: Stranger) -> bool:
    return b"result.hl7" in stranger.grpc("weed_filer", LIST, listing(stranger.bucket, VICTIM))


def reads_every_key_by_grpc(stranger: Stranger) -> bool:
    method = "/iam_pb.SeaweedIdentityAccessManagement/GetConfiguration"
    return stranger.installation.secrets["s3_secret_key"].encode() in stranger.grpc("weed_filer", method, b"")


def deletes_by_grpc(stranger: Stranger) -> bool:
    """Delete an object; the attack succeeded if the filer no longer lists it."""
    port, own = stranger.installation.ports["weed_filer"] + GRPC_OFFSET, own_credentials(stranger.installation.home)
    assert b"spare.hl7" in first_message(port, LIST, listing(stranger.bucket, SPARE), own)
    stranger.grpc("weed_filer", DELETE, listing(stranger.bucket, SPARE))
    return b"spare.hl7" not in first_message(port, LIST, listing(stranger.bucket, SPARE), own)


def sees_the_volumes_by_grpc(stranger: Stranger) -> bool:
    return stranger.grpc("weed_master", "/master_pb.Seaweed/VolumeList", b"") != b""


def sees_the_disk_by_grpc(stranger: Stranger) -> bool:
    return stranger.grpc("weed_volume", "/volume_server_pb.VolumeServer/VolumeServerStatus", b"") != b""


ATTACKS: tuple[Callable[[Stranger], bool], ...] = (
    reads_by_filer,
    writes_by_filer,
    reads_by_volume,
    is_assigned_a_place_by_master,
    stores_by_master,
    writes_by_volume,
    lists_by_grpc,
    reads_every_key_by_grpc,
    deletes_by_grpc,
    sees_the_volumes_by_grpc,
    sees_the_disk_by_grpc,
    deletes_a_bucket_by_master,
)
