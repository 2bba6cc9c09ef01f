"""Whether the address of a database leads off this machine, and makes its driver refuse to go there unencrypted."""

from sqlalchemy import URL

from idh_tasks.domain.encryption import is_on_this_machine

YES = ("yes", "true", "1", "mandatory", "strict")
POSTGRESQL = ("require", "verify-ca", "verify-full")


def is_encrypted(url: URL) -> bool:
    """Return whether the parameters of an address require TLS; those that only prefer it do not count.

    A driver that is not known here counts as unencrypted, so that somebody has to declare the network.
    """
    stated = {name.lower(): str(value).lower() for name, value in url.query.items()}
    match url.get_backend_name():
        case "postgresql":
            return stated.get("sslmode") in POSTGRESQL
        case "mysql" | "mariadb":
            # Other drivers go on without TLS if the server has none.
            return url.get_driver_name() == "pymysql" and "ssl_ca" in stated
        case "mssql":
            return stated.get("encrypt", stated.get("encryption")) in YES or stated.get("encryption") == "require"
        case "oracle":
            return "protocol=tcps" in str(url).replace(" ", "").lower() or stated.get("protocol") == "tcps"
        case _:
            return False


def is_local(url: URL) -> bool:
    """Return whether a database is on this machine: a file, a socket, or the loopback interface."""
    match url.get_backend_name():
        case "sqlite":
            return True
        case "postgresql" | "mysql" | "mariadb":
            return all(is_on_this_machine(host) for host in _hosts(url) or ("localhost",))
        case _:
            return url.host is not None and is_on_this_machine(url.host)


def _hosts(url: URL) -> tuple[str, ...]:
    """Return every host of an address; parameters may name other ones than the address itself."""
    named = (url.normalized_query.get(name, ()) for name in ("host", "hostaddr"))
    stated = (host for hosts in named for value in hosts for host in value.split(","))
    return tuple(host for host in (url.host, *stated) if host)
