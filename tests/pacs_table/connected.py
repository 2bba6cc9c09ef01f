"""Connects the platform to the simulated PACS and its change feed."""

from typing import Any

from pydantic import TypeAdapter

from idh_tasks.endpoints import PacsSettings
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from tests.pacs_table.feed import ChangeFeed
from tests.pacs_table.server import TablePacs

MOST_ASSOCIATIONS = 2
HOURS = "20:00-06:00 UTC"
PACS: dict[str, object] = {"private_network": True, "max_associations": MOST_ASSOCIATIONS, "retrieve_hours": HOURS}
LISTING: dict[str, object] = {"slices": 2, "slice_days": 5000, "slice_studies": 2000, "verified": 200}
"""A round of the full listing of a small archive takes two or three nights."""


def connected(platform: Platform, pacs: TablePacs, feed: ChangeFeed) -> Platform:
    """Return the platform with this PACS, and with each limit that its version knows."""
    limits = {name: value for name, value in PACS.items() if name in PacsSettings.model_fields}
    more: dict[str, dict[str, object]] = {"changes": {"url": feed.url}, "listing": LISTING}
    known = {name: _validated(name, value) for name, value in more.items() if name in Settings.model_fields}
    stated = {"pacs": pacs.settings.model_copy(update=limits)} | known
    return Platform(platform.settings.model_copy(update=stated))


def _validated(name: str, value: dict[str, object]) -> Any:
    return TypeAdapter(Settings.model_fields[name].annotation).validate_python(value)
