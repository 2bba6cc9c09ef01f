"""Free TCP ports of this machine, reserved from their choice until a service listens on them."""

import socket
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError

GRPC_OFFSET = 10_000
"""SeaweedFS also listens on each of its ports plus this number."""
LOWEST, HIGHEST = 10_000, 65_535
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
OUTGOING_DEFAULT = 32_768
ENOUGH = 500

_reserved: list[socket.socket] = []
"""Bound sockets, which this process keeps until it ends."""


def free_ports(names: Iterable[str], without: Collection[int] = ()) -> dict[str, int]:
    """Return a free port for each name, and reserve it and its gRPC port while this process lives.

    Parameters
    ----------
    without
        Ports that are chosen already, whether or not somebody listens on them.

    Raises
    ------
    TransientError
        ``E_START`` if this machine has fewer free ports.
    """
    wanted = list(names)
    used = {number for port in without for number in _both(port)}
    free = (port for port in _candidates() if used.isdisjoint(_both(port)) and _reserve(port))
    chosen = dict(zip(wanted, free, strict=False))
    if len(chosen) < len(wanted):
        raise TransientError(Code.E_START, f"{len(wanted)} free ports are needed; this machine has {len(chosen)}")
    return chosen


def taken(port: int, *, grpc: bool) -> bool:
    """Return whether a service could not listen on a port, or on its gRPC port where it has one."""
    try:
        for number in _both(port) if grpc else (port,):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("", number))
    except (OSError, OverflowError):  # another program has it, or there is no port of this number
        return True
    return False


def _both(port: int) -> tuple[int, int]:
    return port, port + GRPC_OFFSET


def _candidates() -> Iterator[int]:
    """Yield ports in random order; the kernel gives none of them to an outgoing connection, where that is possible."""
    below = range(LOWEST, _first_outgoing() - GRPC_OFFSET)
    ports = below if len(below) >= ENOUGH else range(LOWEST, HIGHEST - GRPC_OFFSET)
    yield from SystemRandom().sample(ports, len(ports))


def _first_outgoing() -> int:
    try:
        return int(OUTGOING.read_text().split()[0])
    except FileNotFoundError:
        return OUTGOING_DEFAULT


def _reserve(port: int) -> bool:
    """Bind a port and its gRPC port without listening, and return whether both were free.

    An established or recently closed connection occupies its port too. Another reservation fails as well, whereas
    a service may listen, because all of ours set SO_REUSEADDR.
    """
    with ExitStack() as opened:
        held = [opened.enter_context(socket.socket()) for _ in _both(port)]
        try:
            for reserved, number in zip(held, _both(port), strict=True):
                reserved.bind(("", number))
        except OSError:
            return False
        for reserved in held:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.pop_all()
    _reserved.extend(held)
    return True
