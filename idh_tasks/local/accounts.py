"""Operating-system users of the services, where an installation runs as root."""

import logging
import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from idh_tasks.local.installation import PRIVATE_FOLDER, Installation

log = logging.getLogger(__name__)

PASSING_GROUP = 61_300
"""Members may pass the folder of an installation: the users below and that of PostgreSQL."""
AIRFLOW_GROUP = 61_320
"""Airflow's components share their configuration and the logs of tasks."""
SERVERS = {"orthanc": 61_301, "s3": 61_302, "redis": 61_303}
COMPONENTS = {
    "prepare": 61_321,
    "api-server": 61_322,
    "scheduler": 61_323,
    "dag-processor": 61_324,
    "triggerer": 61_325,
    "worker-default": 61_326,
    "worker-gpu": 61_327,
}
"""Ids in the range that systemd reserves for users without an account."""
DATABASE_USER = "idh-postgres"
"""PostgreSQL refuses to run as a user without an account."""
ENTER, PASS, SHARED = 0o001, 0o010, 0o2770


@dataclass(frozen=True)
class Account:
    """User and group of a process, and the permissions that its new files lack."""

    user: int
    group: int
    umask: int = 0o077


def account_of(installation: Installation, service: str, program: str) -> Account | None:
    """Return the account of a service: its own if this process is root, and otherwise None for this process's.

    Parameters
    ----------
    installation
        Its folder is closed to everyone else.
    program
        Path of the program, which its user must be able to start; folders on the way are opened for passing.
    """
    close(installation)
    if os.geteuid() != 0:
        return None
    let_pass(Path(program).resolve())
    if service in SERVERS:
        return Account(SERVERS[service], SERVERS[service])
    return Account(COMPONENTS[service], AIRFLOW_GROUP, umask=0o007)


def database_account() -> str | None:
    """Return the user of PostgreSQL, created if necessary, or None if this process is not root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(DATABASE_USER)
    except KeyError:
        _create(DATABASE_USER)
    return DATABASE_USER


def _create(user: str) -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - ours
    try:
        pwd.getpwnam(user)  # another installation may have created it at the same time
    except KeyError:
        done.check_returncode()


def let_pass(path: Path) -> None:
    """Let every user pass the folders above a path, without listing them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & ENTER:
            log.warning("users of the services may now pass, but not list, %s", folder)
            folder.chmod(mode | ENTER)


def close(installation: Installation) -> None:
    """Close the folder of an installation to other users; where root owns it, the services' users may pass it."""
    home = installation.home
    for path in home.iterdir():
        with suppress(FileNotFoundError):  # another process has just put a new file in the place of an old one
            if path.stat().st_uid == os.geteuid() and path.stat().st_gid != AIRFLOW_GROUP:
                # Older versions left folders open.
                path.chmod(path.stat().st_mode & ~0o077)
    if os.geteuid() != 0:
        home.chmod(PRIVATE_FOLDER)
        return
    let_pass(home)
    os.chown(home, -1, PASSING_GROUP)
    # Passing is not listing, and everything inside is closed by its own mode.
    home.chmod(PRIVATE_FOLDER | PASS)


def give(account: Account | None, folder: Path, *files: Path) -> None:
    """Give a service its folder with all content, and further files."""
    if account is None:
        return
    for path in files:
        os.chown(path, account.user, account.group)
    if folder.stat().st_uid != account.user:
        # The folder itself comes last: after an interruption, all of it is given again.
        for path in (*_inside(folder), folder):
            os.chown(path, account.user, account.group, follow_symlinks=False)


def share(account: Account | None, folder: Path) -> None:
    """Let the members of an account's group read and write a folder with all content."""
    if account is None or folder.stat().st_gid == account.group:
        return
    for path in (*_inside(folder), folder):
        os.chown(path, -1, account.group, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(SHARED if path.is_dir() else 0o660)


def _inside(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, topdown=False):
        yield from (Path(parent) / name for name in (*folders, *names))
