"""Whose fault it is that a delivery failed: only its own uses up one of its tries."""

from idh_tasks.codes import Code, Stage
from idh_tasks.errors import IdhError
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.platform import Platform

SURROUNDINGS = frozenset(
    {
        Code.E_DATABASE, Code.E_DISK, Code.E_KEY, Code.E_STORE, Code.E_STORE_AUTH, Code.E_STORE_INSECURE,
        Code.E_STORE_MISSING, Code.E_PACS_BUSY, Code.E_PACS_HOURS, Code.E_PREFLIGHT, Code.E_UNENCRYPTED,
    }
)  # fmt: skip
"""Faults that say nothing of a delivery."""


def is_its_own(platform: Platform, source: str, code: Code | None) -> bool:
    """Return whether a delivery failed by itself: with another fault, its source is asked whether it answers at all."""
    if code in SURROUNDINGS:
        return False
    return code is None or code.stage is not Stage.TRANSPORT or _answers(platform, source)


def _answers(platform: Platform, source: str) -> bool:
    probe = SOURCES[source].probe
    try:
        if probe is not None:
            probe(platform)
    except IdhError:
        return False
    return True
