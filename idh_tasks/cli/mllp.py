"""`idh mllp`: the listener for laboratories that send messages instead of files."""

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from idh_tasks.cli import platform
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.mllp.server import Listener
    from idh_tasks.settings import ListenerSettings


def mllp() -> None:
    """Receive HL7 messages by MLLP into the laboratory's bucket, each acknowledged after it is stored."""
    from idh_tasks.mllp.server import Listener
    from idh_tasks.store.objects import ObjectStore

    settings = _settings()
    bucket = settings.store.results_bucket
    store = ObjectStore(settings.store, bucket)
    asyncio.run(_serve(Listener(settings.mllp, settings.store.pathology_prefix, store.put)))


def _settings() -> "ListenerSettings":
    """Return the settings of the environment, which need no other secret than the laboratory's key."""
    from idh_tasks.configuration.problems import from_environment
    from idh_tasks.settings import ListenerSettings

    if "IDH_STORE__ENDPOINT" not in os.environ:
        return platform.open_platform(Role.MONITOR).settings
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return from_environment(ListenerSettings)


async def _serve(listener: "Listener") -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await listener.serve(stop)
