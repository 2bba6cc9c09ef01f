"""Who may connect: addresses, certificates, and no unencrypted port on a network with other systems."""

import ssl
from ipaddress import IPv6Address, ip_address

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.settings import MllpSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_allowed(settings: MllpSettings, address: str) -> bool:
    """Return whether a peer with this address may connect."""
    peer = ip_address(address.partition("%")[0])
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in settings.peers)


def tls_context(settings: MllpSettings) -> ssl.SSLContext | None:
    """Return the context for TLS, or None for a plain port.

    Raises
    ------
    RunRefusedError
        ``E_MLLP`` if a certificate cannot be loaded, or if a plain port would be open to a network.
    """
    if settings.tls_certificate is None:
        if settings.host not in LOOPBACK and not settings.private_network:
            raise RunRefusedError(Code.E_MLLP, "messages would be received without TLS")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca is not None:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError:  # ssl.SSLError is one
        raise RunRefusedError(Code.E_MLLP, "a certificate or key of the listener cannot be loaded") from None
    return context
