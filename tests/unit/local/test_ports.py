"""A chosen port stays free for its service: no connection, program or other installation of the machine gets it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from idh_tasks.errors import TransientError
from idh_tasks.local import ports
from idh_tasks.local.installation import SERVICES, Installation
from idh_tasks.local.ports import GRPC_OFFSET, HIGHEST, free_ports, taken


@contextmanager
def listening(port: int = 0) -> Iterator[socket.socket]:
    """Listen as servers do."""
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server


def number_of(end: socket.socket) -> int:
    port: int = end.getsockname()[1]
    return port


def only(monkeypatch: pytest.MonkeyPatch, *candidates: int) -> None:
    monkeypatch.setattr(ports, "_candidates", lambda: iter(candidates))


def unused(number: int) -> list[int]:
    """Return ports that nobody has, together with their gRPC ports."""
    program = f"from idh_tasks.local.ports import free_ports; print(*free_ports(range({number})).values())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return [int(port) for port in done.stdout.split()]


@pytest.fixture
def outgoing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the kernel's setting."""
    setting = tmp_path / "ip_local_port_range"
    monkeypatch.setattr(ports, "OUTGOING", setting)
    return setting


@pytest.mark.parametrize(("setting", "first"), [("32768\t60999\n", 32_768), ("24000 28000", 24_000), (None, 32_768)])
def test_the_kernel_gives_no_chosen_port_to_an_outgoing_connection(
    setting: str | None, first: int, outgoing: Path
) -> None:
    if setting is not None:
        outgoing.write_text(setting)
    chosen = free_ports(SERVICES).values()
    assert len(set(chosen)) == len(SERVICES)
    assert max(chosen) + GRPC_OFFSET < first


def test_ports_are_found_where_the_kernel_uses_almost_all_for_connections(outgoing: Path) -> None:
    outgoing.write_text("1024\t65535\n")
    assert len(free_ports(SERVICES)) == len(SERVICES)


@pytest.mark.parametrize("offset", [0, GRPC_OFFSET])
def test_a_port_on_which_somebody_listens_is_not_chosen(offset: int, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, free = unused(2)
    only(monkeypatch, busy, free)
    with listening(busy + offset):
        assert free_ports(["s3"]) == {"s3": free}


def test_the_port_of_a_connection_is_not_chosen_until_the_kernel_has_forgotten_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody listens on it, so that asking for a connection does not show it."""
    with listening() as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        [free] = unused(1)
        used = number_of(client)
        only(monkeypatch, used - GRPC_OFFSET, free)
        assert taken(used - GRPC_OFFSET, grpc=True)
        client.close()
        accepted.close()
        assert taken(used - GRPC_OFFSET, grpc=True), "the kernel waits for late packets"
        assert free_ports(["s3"]) == {"s3": free}


def test_two_installations_that_start_at_the_same_time_share_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = unused(4)
    only(monkeypatch, *candidates)
    first = free_ports(["s3", "airflow"])
    only(monkeypatch, *candidates)
    assert not set(first.values()) & set(free_ports(["s3", "airflow"]).values())


def test_the_service_itself_may_listen_on_its_reserved_port() -> None:
    chosen = free_ports(["s3"])["s3"]
    with listening(chosen) as plain, listening(chosen + GRPC_OFFSET):
        assert number_of(plain) == chosen
        assert taken(chosen, grpc=False)


def test_a_reservation_ends_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    [left] = unused(1)
    only(monkeypatch, left)
    assert free_ports(["s3"]) == {"s3": left}


def test_a_port_that_was_taken_since_the_last_start_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    before = dict(installation.ports)
    assert installation.change_taken_ports() == {}
    with listening(before["airflow"]):
        changed = installation.change_taken_ports()
    assert list(changed) == ["airflow"]
    assert changed["airflow"] not in before.values()
    assert installation.ports == before | changed == Installation(tmp_path).ports


def test_only_the_services_of_seaweedfs_lose_their_port_to_a_program_on_the_second_one(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    before = dict(installation.ports)
    with listening(before["airflow"] + GRPC_OFFSET), listening(before["weed_filer"] + GRPC_OFFSET):
        assert list(installation.change_taken_ports()) == ["weed_filer"]


def test_a_port_without_a_second_one_is_taken_where_a_service_needs_it() -> None:
    assert taken(HIGHEST, grpc=True)


def test_too_few_free_ports_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, *unused(1))
    with pytest.raises(TransientError, match="2 free ports are needed; this machine has 1"):
        free_ports(["s3", "airflow"])


def test_an_older_installation_keeps_its_ports_and_gets_the_missing_ones(tmp_path: Path) -> None:
    [kept] = unused(1)
    (tmp_path / "ports.json").write_text(json.dumps({"s3": kept}))
    upgraded = Installation(tmp_path).ports
    assert upgraded["s3"] == kept
    assert upgraded.keys() == set(SERVICES)
    assert Installation(tmp_path).ports == upgraded


def test_a_server_that_restarts_at_once_keeps_its_port() -> None:
    [port] = unused(1)
    with listening(port) as server, closing(socket.create_connection(server.getsockname())):
        accepted, _ = server.accept()
        accepted.close()
    assert not taken(port, grpc=True)
