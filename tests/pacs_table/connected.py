"""Connects the platform to the simulated PACS and its change feed."""

from idh_tasks.endpoints import ChangesSettings
from idh_tasks.night_settings import ListingSettings
from idh_tasks.pipelines.platform import Platform
from tests.pacs_table.feed import ChangeFeed
from tests.pacs_table.server import TablePacs

MOST_ASSOCIATIONS = 2
HOURS = "20:00-06:00 UTC"
LIMITS = {"private_network": True, "max_associations": MOST_ASSOCIATIONS, "retrieve_hours": HOURS}
LISTING = ListingSettings(slices=2, slice_days=5000, slice_studies=2000, verified=200)
"""A round of the full listing of a small archive takes two or three nights."""


def connected(platform: Platform, pacs: TablePacs, feed: ChangeFeed, by: ListingSettings = LISTING) -> Platform:
    """Return the platform with this PACS within its limits, listed in full as stated."""
    stated = {
        "pacs": pacs.settings.model_copy(update=LIMITS),
        "changes": ChangesSettings(url=feed.url),
        "listing": by,
    }
    return Platform(platform.settings.model_copy(update=stated))
