"""The change feed is read on only where every archive is listed: what it names would be lost otherwise."""

from dataclasses import replace
from typing import cast

import pytest

from idh_tasks.errors import IdhError
from idh_tasks.pipelines.ingest import discovery
from idh_tasks.pipelines.ingest.arrivals import Arrivals
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.platform import Platform

PLATFORM = cast("Platform", None)
READ = Arrivals(position=7)


def arrived(monkeypatch: pytest.MonkeyPatch, *listed: str) -> Arrivals:
    """Return what an installation with a PACS and a bucket reads, of which these were listed."""
    pacs = replace(SOURCES["pacs"], is_configured=lambda _: True)
    dicomweb = replace(SOURCES["dicomweb"], is_configured=lambda _: False)
    monkeypatch.setattr(discovery, "SOURCES", {**SOURCES, "pacs": pacs, "dicomweb": dicomweb})
    monkeypatch.setattr(discovery, "arrivals", lambda *_: READ)
    failures: dict[str, IdhError] = {}
    return discovery._arrived(PLATFORM, listed, failures)


def test_the_feed_is_read_after_every_archive_was_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arrived(monkeypatch, "bucket", "pacs") is READ


def test_the_position_of_the_feed_stays_while_an_archive_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arrived(monkeypatch, "bucket").position is None
