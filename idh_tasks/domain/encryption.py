"""No identifier of a patient crosses a network unencrypted, unless an administrator has declared it private."""

from urllib.parse import urlsplit

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_on_this_machine(host: str | None) -> bool:
    """Return whether a host, or the folder of a Unix socket in its place, is this machine."""
    return host is not None and (host in LOOPBACK or host.startswith("/"))


def require_encrypted_url(who: str, url: str, *, private: bool) -> None:
    """Refuse an address of the web as `require_encryption` does.

    Raises
    ------
    RunRefusedError
        ``E_UNENCRYPTED``.
    """
    address = urlsplit(url)
    local = is_on_this_machine(address.hostname)
    require_encryption(who, encrypted=address.scheme == "https", private=private, local=local)


def require_encryption(who: str, *, encrypted: bool, private: bool, local: bool) -> None:
    """Refuse a system that would be sent identifiers unencrypted over a network that others may use.

    Parameters
    ----------
    who
        What the system is called in the refusal.
    private
        Whether the settings declare that no other system is on the network to it.
    local
        Whether it is on this machine.

    Raises
    ------
    RunRefusedError
        ``E_UNENCRYPTED``.
    """
    if not (encrypted or private or local):
        raise RunRefusedError(
            Code.E_UNENCRYPTED,
            f"{who} would be reached unencrypted; set up TLS, or declare the network with `private_network`",
        )
