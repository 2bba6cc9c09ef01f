"""Closes the folder of an installation to other users of the machine."""

import os

import psutil

from idh_tasks.local.accounts import PASS
from idh_tasks.local.installation import PRIVATE_FOLDER, Installation

OTHERS = 0o077


def close(installation: Installation, database_server: int) -> None:
    """Close the folder to all but its owner; an installation of root lets the group of PostgreSQL pass.

    PostgreSQL never runs as root, and opens its files by their full path.

    Parameters
    ----------
    database_server
        Process id of PostgreSQL.
    """
    server, home = psutil.Process(database_server), installation.home
    for path in home.iterdir():
        if path.stat().st_uid == os.geteuid():
            # Older versions left folders open.
            path.chmod(path.stat().st_mode & ~OTHERS)
    if server.uids().effective == os.geteuid():
        home.chmod(PRIVATE_FOLDER)
        return
    os.chown(home, -1, server.gids().effective)
    # Passing is not listing, and everything inside is closed by its own mode.
    home.chmod(PRIVATE_FOLDER | PASS)
