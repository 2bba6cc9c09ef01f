"""The steps of a night in the order of the DAGs; each returns how much it has done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import Discovery, discover
from idh_tasks.pipelines.ingest.ledger import check_archives
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.link import cases, cohort, feed
from idh_tasks.pipelines.pages import cohort as cohort_page
from idh_tasks.pipelines.pages import tonight
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import batch as predict
from idh_tasks.pipelines.predict import documents
from idh_tasks.pipelines.preprocess import batch as preprocess
from idh_tasks.pipelines.review import questions
from idh_tasks.pipelines.train import freeze
from tests.feed_writers import WrittenReport, as_csv
from tests.night.archive import Archive
from tests.night.server import Server
from tests.night.store import MemoryStore
from tests.night.stubs import BORN, IMAGED, stubbed

SURGERY = IMAGED + timedelta(days=19)
ISSUED = datetime(2018, 6, 1, tzinfo=UTC)
MUTANT, WILDTYPE = (("IHC", "positive"),), (("SEQ1", "negative"), ("SEQ2", "negative"))
ONE_MUTANT_IN = 6

Work = Callable[[], int | None]


@dataclass(frozen=True)
class Step:
    """A step, and how much it must do, or whether it must find work; None where it only reads."""

    name: str
    work: Work
    expected: int | None = None

    def run(self) -> None:
        """Do the work; a step that does less or more measures something else."""
        done = self.work()
        if done != self.expected:
            raise AssertionError(f"{self.name}: {done} instead of {self.expected}")


def arriving(server: Server, numbers: Sequence[str]) -> Iterator[Step]:
    """Yield the steps of a night in which these studies and their reports arrive, to be run as they come."""
    night = Night(server.platform, numbers)
    night.deliver(server.store)
    with stubbed(server.platform, Archive(numbers)):
        yield from night.steps()


class Night:
    """A night in which these studies and their reports arrive.

    Parameters
    ----------
    numbers
        Names of deliveries, patients and reports.
    """

    def __init__(self, platform: Platform, numbers: Sequence[str]) -> None:
        self._platform, self._numbers = platform, numbers
        self._discovery = Discovery(found={}, waiting={}, excluded={}, unreachable={}, incomplete={}, batches=[])

    def deliver(self, store: MemoryStore) -> None:
        """Put the reports where the platform looks for them, instead of those of the last night."""
        reports = [_report(place, number) for place, number in enumerate(self._numbers)]
        store.delivered = {f"pathology/{self._numbers[0]}.csv": as_csv(reports)} if reports else {}

    def steps(self) -> Iterator[Step]:
        """Yield the steps."""
        new = len(self._numbers)
        patches = new * len(MODEL_SEQUENCES)
        yield Step("discover", self._discover, new)
        yield Step("ingest", self._ingest, new)
        yield Step("reconcile", self._reconcile, new)
        yield Step("check archives", lambda: check_archives(self._platform).changed, 0)
        yield Step("load reports", lambda: feed.load_reports(self._platform), new)
        yield Step("link cases", lambda: cases.link_cases(self._platform)["links"], new)
        yield Step("questions due", lambda: questions.reviews_due(self._platform), 0)
        yield Step("preprocess: due", lambda: _is_any(preprocess.due(self._platform)), new > 0)
        yield Step("preprocess", lambda: preprocess.preprocess(self._platform).get("patches", 0), patches)
        yield Step("count cohort", lambda: preprocess.count_cohort(self._platform))
        yield Step("predict: due", lambda: _is_any(predict.due(self._platform)), new > 0)
        yield Step("predict", lambda: predict.predict(self._platform), patches)
        yield Step("write documents", lambda: documents.write_documents(self._platform), new)
        yield Step("freeze cohort: is it due", self._freeze, 0)
        yield Step("cohort flow", lambda: _read(cohort.flow(self._platform)))
        yield Step("page: cohort", lambda: _read(cohort_page.counted_flow(self._platform)))
        yield Step("page: tonight", lambda: _read(tonight.tonight(self._platform, datetime.now(UTC))))

    def _discover(self) -> int:
        self._discovery = discover(self._platform, ("pacs",))
        return sum(len(batch["ids"]) for batch in self._discovery["batches"])

    def _ingest(self) -> int:
        done = [ingest_batch(self._platform, batch["ids"]) for batch in self._discovery["batches"]]
        return sum(counts["ingested"] for counts in done)

    def _reconcile(self) -> int:
        return reconcile(balance(self._platform, self._discovery))["studies"]

    def _freeze(self) -> int:
        return int(freeze.freeze_cohort(self._platform, force=False).run_id is not None)


def _is_any(due: Sequence[object]) -> bool:
    return bool(due)


def _read(_: object) -> None:
    """Forget what is shown."""


def _report(place: int, number: str) -> WrittenReport:
    assays = WILDTYPE if place % ONE_MUTANT_IN else MUTANT
    diagnosis = "Glioblastoma, WHO grade 4"
    return WrittenReport(number, ISSUED, number, BORN, "F", "final", diagnosis, SURGERY, SURGERY, assays)
