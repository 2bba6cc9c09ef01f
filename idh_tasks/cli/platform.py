"""Opens the platform that a command works on."""

import logging
import os
import sys
from typing import TYPE_CHECKING

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.platform import Platform

LIBRARIES = ("botocore", "alembic")
"""Libraries whose log messages below a warning only distract."""


def open_platform(role: Role) -> "Platform":
    """Open the platform that the environment names (`IDH_…`), or else the local installation; logs go to stderr.

    Parameters
    ----------
    role
        How to log in to the local installation's database; elsewhere, `IDH_DATABASE_URL` names the login.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if a variable is missing, unknown or not valid.
    """
    from idh_tasks.configuration.problems import from_environment, refuse_problems
    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import Settings

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    if "IDH_DATABASE_URL" in os.environ:
        return Platform(from_environment(Settings))
    from idh_tasks.local.installation import open_installation
    from idh_tasks.local.up import settings

    installation = open_installation()
    refuse_problems(os.environ)  # of the saved settings, which have been loaded now
    return Platform(settings(installation, role))
