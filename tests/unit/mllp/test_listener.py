"""The listener: stored before it is acknowledged, and closed to everything that is not a message of a known peer."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hl7.mllp import open_hl7_connection

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.mllp.server import Listener, Store
from idh_tasks.settings import MllpSettings
from tests.certificates import certify
from tests.hl7_messages import message

MESSAGE = message().encode()
Talk = Callable[[int], Awaitable[None]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def listening(store: Store, talk: Talk, **settings: Any) -> None:
    """Run the listener while `talk` is a peer of it."""

    async def both() -> None:
        stop, port = asyncio.Event(), free_port()
        listener = Listener(MllpSettings(port=port, **settings), "pathology/", store)
        serving = asyncio.get_running_loop().create_task(listener.serve(stop))
        await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(20):
                await talk(port)
        finally:
            stop.set()
            await serving

    asyncio.run(both())


async def send(port: int, *contents: bytes, **options: Any) -> list[str]:
    """Send frames on one connection and return the acknowledgements."""
    reader, writer = await open_hl7_connection("127.0.0.1", port, **options)
    answers = []
    for content in contents:
        writer.writeblock(content)
        answers.append((await reader.readblock()).decode("latin-1"))
    writer.close()
    return answers


def answer_to(content: bytes, store: Store, **settings: Any) -> str:
    """Return the acknowledgement of one frame."""
    answers = []

    async def talk(port: int) -> None:
        answers.extend(await send(port, content))

    listening(store, talk, **settings)
    return answers[0]


def test_a_message_is_stored_unchanged_and_acknowledged() -> None:
    stored: dict[str, bytes] = {}
    content = MESSAGE.replace(b"DOE", b"D\xd6E\x1c")
    header, acknowledgement, _ = answer_to(content, stored.__setitem__).split("\r")
    assert header.startswith("MSH|^~\\&|IDH|IDH|LIS|PATH|")
    assert "|ACK^R01^ACK|" in header
    assert acknowledgement == "MSA|AA|M1"
    [(key, value)] = stored.items()
    assert value == content
    assert key.startswith("pathology/mllp/20180620/")


def test_it_is_acknowledged_only_after_it_is_stored() -> None:
    safe, stored = threading.Event(), threading.Event()

    def store(_key: str, _content: bytes) -> None:
        safe.wait(10)
        stored.set()

    async def talk(port: int) -> None:
        answer = asyncio.ensure_future(send(port, MESSAGE))
        done, _ = await asyncio.wait([answer], timeout=0.3)
        assert not done
        safe.set()
        assert "MSA|AA|M1" in (await answer)[0]
        assert stored.is_set()

    listening(store, talk)


def test_the_same_bytes_have_the_same_key_and_others_another() -> None:
    keys: list[str] = []

    async def talk(port: int) -> None:
        await send(port, MESSAGE, MESSAGE, message(header={10: "M2"}).encode(), message(header={7: ""}).encode())

    listening(lambda key, _: keys.append(key), talk)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert keys[3].startswith("pathology/mllp/undated/")
    assert not any("0012" in key or "DOE" in key for key in keys)


@pytest.mark.parametrize("error", [TransientError(Code.E_STORE, "0012 failed"), ValueError("DOE^JANE")])
def test_a_message_that_is_not_stored_is_an_error_without_identifiers(error: Exception) -> None:
    def store(_key: str, _content: bytes) -> None:
        raise error

    answer = answer_to(MESSAGE, store)
    assert "MSA|AE|M1|the message was not stored" in answer
    assert "0012" not in answer
    assert "DOE" not in answer


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PID|1||0012^^^H^MR\r", MESSAGE.replace(b"|ORU^R01^ORU_R01|", b"||"),
     MESSAGE.replace(b"|M1|", b"||"), MESSAGE.replace(b"^~\\&", b"^"), b"FHS|^~\\&\r" + MESSAGE, b"MSH|^~\\&|", b"MSH"],
)  # fmt: skip
def test_what_is_not_a_message_is_rejected_and_not_stored(content: bytes) -> None:
    stored: dict[str, bytes] = {}
    answer = answer_to(content, stored.__setitem__)
    assert "MSA|AR|" in answer
    assert "0012" not in answer
    assert stored == {}


def test_other_separators_are_repeated_in_the_acknowledgement() -> None:
    stored: dict[str, bytes] = {}
    other = MESSAGE.translate(bytes.maketrans(b"|^", b"#@"))
    assert "MSA#AA#M1" in answer_to(other, stored.__setitem__)


@pytest.mark.parametrize("start", [b"\x0b" + b"x" * 9000 + b"\x1c\r", b"x\x1c\r"])
def test_a_frame_that_is_too_large_or_has_no_start_closes_the_connection(start: bytes) -> None:
    stored: dict[str, bytes] = {}

    async def talk(port: int) -> None:
        reader, writer = await open_hl7_connection("127.0.0.1", port)
        writer.write(start)
        assert b"MSA|AR|" in await reader.readblock()
        assert await reader.read() == b""
        writer.close()

    listening(stored.__setitem__, talk, max_bytes=1024)
    assert stored == {}


def test_strangers_and_too_many_peers_are_turned_away() -> None:
    async def stranger(port: int) -> None:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await send(port, MESSAGE)

    async def crowd(port: int) -> None:
        _, writer = await open_hl7_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        await stranger(port)
        writer.close()

    stored: dict[str, bytes] = {}
    listening(stored.__setitem__, stranger, peers=(IPv4Network("192.0.2.0/24"),))
    listening(stored.__setitem__, crowd, max_connections=1)
    assert stored == {}


def test_a_silent_peer_and_a_cut_message_end_without_a_trace() -> None:
    stored: dict[str, bytes] = {}

    async def talk(port: int) -> None:
        silent, _ = await open_hl7_connection("127.0.0.1", port)
        _, cut = await open_hl7_connection("127.0.0.1", port)
        cut.write(b"\x0b" + MESSAGE[:200])
        await cut.drain()
        cut.close()
        assert await silent.read() == b""

    listening(stored.__setitem__, talk, timeout_s=0.2)
    assert stored == {}


def test_with_tls_only_peers_with_a_certificate_are_heard(tmp_path: Path) -> None:
    authority = certify(tmp_path, "authority")
    own, peer, stranger = (
        certify(tmp_path, "own", authority),
        certify(tmp_path, "peer", authority),
        certify(tmp_path, "x"),
    )
    stored: dict[str, bytes] = {}

    def context(files: Any) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=authority.certificate)
        made.load_cert_chain(files.certificate, files.key)
        return made

    async def talk(port: int) -> None:
        assert "MSA|AA|M1" in (await send(port, MESSAGE, ssl=context(peer)))[0]
        for options in ({"ssl": context(stranger)}, {}):
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await send(port, MESSAGE, **options)

    listening(
        stored.__setitem__,
        talk,
        tls_certificate=own.certificate,
        tls_key=own.key,
        tls_client_ca=authority.certificate,
    )
    assert len(stored) == 1


@pytest.mark.parametrize(
    "settings",
    [{"host": "198.51.100.1"}, {"tls_certificate": Path("/nowhere")}, {"host": "192.0.2.1", "private_network": True}],
)
def test_it_does_not_start_without_encryption_certificate_or_port(settings: dict[str, Any]) -> None:
    listener = Listener(MllpSettings(port=free_port(), **settings), "", lambda _key, _content: None)
    with pytest.raises(RunRefusedError, match="E_MLLP"):
        asyncio.run(listener.serve(asyncio.Event()))
