"""The platform that a command works on."""

import logging
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idh_tasks.pipelines.platform import Platform


def open_platform() -> "Platform":
    """Open the platform that the environment names (IDH_*), else the local installation; logs go to stderr."""
    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import Settings

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("pynetdicom", "botocore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if "IDH_DATABASE_URL" in os.environ:
        return Platform(Settings())  # filled from the environment
    from idh_tasks.local.installation import open_installation
    from idh_tasks.local.up import settings

    return Platform(settings(open_installation()))
