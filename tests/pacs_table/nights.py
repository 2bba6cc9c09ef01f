"""Plays a script night by night against the simulated PACS, and gathers what the oracle and the report need."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest.mock import patch

from idh_tasks.errors import IdhError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.pacs_table import oracle
from tests.pacs_table.clock import it_is
from tests.pacs_table.events import Archive, Script
from tests.pacs_table.feed import ChangeFeed
from tests.pacs_table.server import TablePacs
from tests.pacs_table.state import read_state
from tests.pacs_table.workers import Ingest, workers


@dataclass
class Replay:
    """An archive, its PACS and the platform, through the nights of a script; `refused` are nights with their code."""

    platform: Platform
    archive: Archive
    pacs: TablePacs
    feed: ChangeFeed
    script: Script
    reached: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def play(self) -> None:
        """Play all nights."""
        for _ in self.nights():
            pass

    def nights(self) -> Iterator[int]:
        """Play night by night, and yield how many have been played."""
        with workers(self.platform.settings) as ingest_at:
            for number in range(self.script.nights):
                self.script.play(self.archive, number)
                self._set_up(number)
                self._night(number, ingest_at)
                yield number + 1

    def _set_up(self, number: int) -> None:
        moment = self.script.starts_at(number, self.archive.today)
        self.pacs.records.night, self.pacs.records.clock = number, lambda: moment
        self.feed.away = self.script.is_away(number)
        (self.pacs.stop if self.feed.away else self.pacs.start)()
        if not self.feed.away and number not in self.script.late:
            self.reached.append(number)

    def _night(self, number: int, ingest_at: Ingest) -> None:
        moment = self.script.starts_at(number, self.archive.today)

        def by_all_workers(_: Platform, item_ids: list[str], **_last_try: bool) -> None:
            ingest_at(moment, item_ids)

        try:
            with it_is(moment), patch.object(night, "ingest_batch", by_all_workers):
                night.ingest(self.platform, ("pacs",))
        except IdhError as error:
            self.refused[number] = str(error.code)

    def facts(self, grace: int) -> oracle.Facts:
        """Return the facts for the oracle."""
        table = self.archive.table
        studies = [(study, table.series(study.study_uid)) for study in table.studies()]
        return oracle.Facts(studies, self.archive.happened, self.reached, grace)

    def state(self, facts: oracle.Facts) -> oracle.Platform:
        """Return what the platform says."""
        return read_state(self.platform, facts.studies)

    def sent_by_night(self) -> dict[int, list[str]]:
        """Return the instances that were sent in each night."""
        sent: dict[int, list[str]] = defaultdict(list)
        for retrieve in self.pacs.records.retrieves:
            sent[retrieve.night].extend(retrieve.instances)
        return sent
