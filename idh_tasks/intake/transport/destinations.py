"""Where the PACS sends what a C-MOVE asks for, and from which addresses it may."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Destination:
    """A receiver: the AE title by which the PACS knows it, and where it listens."""

    aet: str
    host: str
    port: int


def destinations(pacs: PacsSettings) -> Iterator[Destination]:
    """Yield the receivers of the settings; those of other hosts are among them.

    One that states no address listens on `listen_host`, or on the address from which this machine reaches the PACS.

    Raises
    ------
    TransientError
        ``E_PACS`` if the host of the PACS has no address.
    """
    for aet, place in (pacs.move_destinations or {pacs.calling_aet: str(pacs.listen_port)}).items():
        host, _, port = place.rpartition(":")
        yield Destination(aet, host.strip("[]") or pacs.listen_host or _own_address(pacs), int(port))


def allowed_networks(pacs: PacsSettings) -> tuple[Network, ...]:
    """Return the addresses from which the PACS may send.

    Raises
    ------
    TransientError
        ``E_PACS`` if its host has no address.
    """
    return (*(ip_network(info[4][0]) for info in _resolved(pacs)), *pacs.peers)


def is_allowed(address: str, networks: tuple[Network, ...]) -> bool:
    """Return whether an address is in one of the networks; an IPv4 address may be written as one of IPv6."""
    peer = ip_address(address)
    plain = peer.ipv4_mapped if isinstance(peer, IPv6Address) and peer.ipv4_mapped else peer
    return any(plain in network for network in networks)


def _own_address(pacs: PacsSettings) -> str:
    """Return the address from which this machine reaches the PACS; nothing is sent."""
    family, kind, protocol, _, address = _resolved(pacs)[0]
    with socket.socket(family, kind, protocol) as probe:
        try:
            probe.connect(address)
        except OSError:
            raise TransientError(Code.E_PACS, "the PACS cannot be reached from this machine") from None
        return str(probe.getsockname()[0])


def _resolved(pacs: PacsSettings) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    try:
        return socket.getaddrinfo(pacs.host, pacs.port, type=socket.SOCK_DGRAM)  # type: ignore[return-value]
    except OSError:
        raise TransientError(Code.E_PACS, "the host of the PACS has no address; check `host`") from None
