"""Opens the platform that a command works on."""

import logging
import os
import sys
from typing import TYPE_CHECKING

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.platform import Platform

LIBRARIES = ("pynetdicom", "botocore", "alembic")
"""Libraries whose log messages below a warning only distract."""


def open_platform(role: Role) -> "Platform":
    """Open the platform that the environment names (`IDH_…`), or else the local installation; logs go to stderr.

    Parameters
    ----------
    role
        How to log in to the local installation's database; elsewhere, `IDH_DATABASE_URL` names the login.
    """
    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import Settings

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    if "IDH_DATABASE_URL" in os.environ:
        return Platform(Settings())  # filled from the environment
    from idh_tasks.local.installation import open_installation
    from idh_tasks.local.up import settings

    return Platform(settings(open_installation(), role))
