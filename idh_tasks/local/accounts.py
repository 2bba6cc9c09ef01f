"""Operating-system users of the third-party servers, where an installation runs as root."""

import logging
import os
import shutil
from pathlib import Path

from idh_tasks.local.installation import Installation

log = logging.getLogger(__name__)

NUMBERS = {"orthanc": 61_301, "s3": 61_302}
"""User and group id of each server: in the range that systemd reserves for users without an account."""
ENTER, PASS = 0o001, 0o010


def account_of(service: str, program: str) -> int | None:
    """Return the user id with which a server runs: its own if this process is root, and otherwise this process's.

    Parameters
    ----------
    program
        Path of the server's program, which its user must be able to start.
    """
    if os.geteuid() != 0:
        return None
    path = Path(program).resolve()
    if not all(folder.stat().st_mode & ENTER for folder in (path, *path.parents)):
        log.warning("%s runs as root: other users cannot reach %s", service, path)
        return None
    return NUMBERS[service]


def give(installation: Installation, account: int | None, folder: Path, *files: Path) -> None:
    """Give a server its folder with all content, and further files, and let it pass the installation's folder."""
    if account is None:
        return
    installation.home.chmod(installation.home.stat().st_mode | PASS)
    for path in files:
        os.chown(path, account, account)
    if folder.stat().st_uid != account:
        # The folder itself comes last: after an interruption, all of it is given again.
        for parent, folders, names in os.walk(folder, topdown=False):
            for name in (*folders, *names):
                os.chown(Path(parent) / name, account, account, follow_symlinks=False)
        shutil.chown(folder, account, account)


def passing_groups(installation: Installation) -> list[int]:
    """Return the group that may pass the installation's folder."""
    return [installation.home.stat().st_gid]
