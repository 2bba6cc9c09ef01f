"""What an archive lists and the platform does not take is counted with its reason; nothing else of it stays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest

from idh_tasks.db import selection
from idh_tasks.db.inbox import InboxItem
from idh_tasks.db.selection import ExclusionCount
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy
from idh_tasks.pipelines.ingest import batch, cohort_way, discovery, night
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.selection import select, series_choice
from idh_tasks.pipelines.ingest.sources import StudySource
from idh_tasks.pipelines.ingest.sources.items import Listing, selected
from idh_tasks.pipelines.pages.tonight import tonight
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import IntakeSettings
from tests.database import run_sql
from tests.deliveries import fetched
from tests.factories import MARKER_ID, dicom_bytes
from tests.hospital import outcomes
from tests.hospital import study as images
from tests.integration.test_link import deliver, report

BRAIN, KNEE = ("cMRT", ()), ("MRT Knie", ())
UNTOLD_HEAD = ("MR", (PacsSeries("1.1", "MR", "AX FLAIR"),))
UNTOLD_KNEE = ("MR", (PacsSeries("1.1", "MR", "pd sag", body_part="KNEE"),))


@dataclass
class Pacs:
    """An archive of studies by UID; it records for which series and for which patients it was asked."""

    studies: dict[str, tuple[str, tuple[PacsSeries, ...]]]
    asked: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    day: str = "20180304"

    def study(self, uid: str) -> PacsStudy:
        return PacsStudy(uid, self.day, 4, patient_id=MARKER_ID, description=self.studies[uid][0])

    def list_items(self, platform: Platform, _since: date | None) -> Listing:
        return selected(platform, "pacs", [self.study(uid) for uid in self.studies])

    def of_patients(self, _: Platform, identifiers: Sequence[str]) -> Iterator[list[PacsStudy]]:
        for identifier in identifiers:
            self.patients.append(identifier)
            yield [self.study(uid) for uid in self.studies]

    def fetch(self, platform: Platform, item: InboxItem) -> FetchedFiles:
        self.asked.append(item.locator)
        series = self.studies[item.locator][1] or (PacsSeries("1.1", "MR", "T1"),)
        series_choice(platform, "pacs", item.item_id)(self.study(item.locator), series)
        return fetched({f"{n}": dicom_bytes(ds) for n, ds in enumerate(images(item.locator))}, study_uid=item.locator)


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Pacs:
    pacs = Pacs({})
    source = StudySource(lambda _: True, pacs.list_items, pacs.fetch, pacs.of_patients)
    for module in (discovery, batch, cohort_way):
        monkeypatch.setattr(module, "SOURCES", {"pacs": source})
    return pacs


def counts(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {one.reason: one.studies for one in selection.counts(transaction)}


def everything(platform: Platform) -> str:
    tables = run_sql(
        platform, "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('idh', 'phi')"
    )
    return " ".join(str(run_sql(platform, f"SELECT t::text FROM {name} AS t")) for (name,) in tables)


def test_knees_are_counted_and_leave_no_name(platform: Platform, archive: Pacs) -> None:
    archive.studies = {"1.2.3": BRAIN, "1.2.77771": KNEE, "1.2.77772": KNEE, "1.2.77773": UNTOLD_KNEE}
    assert night.ingest(platform, ("pacs",)) is True
    assert outcomes(platform) == {"ingested": 1}
    assert counts(platform) == {"limb": 3}
    assert set(archive.asked) == {"1.2.3", "1.2.77773"}
    assert "1.2.7777" not in everything(platform)
    assert run_sql(platform, "SELECT found, new, unchanged, excluded, failed FROM idh.ingest_night") == [
        (4, 1, 0, 3, 0)
    ]
    page = tonight(platform, datetime.now(UTC))
    assert page.excluded == [ExclusionCount("pacs", "limb", 3)]


def test_a_night_asks_for_the_series_of_what_is_new(platform: Platform, archive: Pacs) -> None:
    archive.studies = {"1.2.3": UNTOLD_HEAD, "1.2.4": UNTOLD_KNEE}
    night.ingest(platform, ("pacs",))
    archive.asked.clear()
    assert night.ingest(platform, ("pacs",)) is False
    assert archive.asked == []
    balance = "SELECT found, unchanged, excluded FROM idh.ingest_night ORDER BY night_id DESC LIMIT 1"
    assert run_sql(platform, balance) == [(2, 1, 1)]


def test_a_study_that_has_grown_and_one_under_another_filter_are_decided_again(
    platform: Platform, archive: Pacs
) -> None:
    archive.studies = {"1.2.4": UNTOLD_KNEE}
    night.ingest(platform, ("pacs",))
    archive.studies = {"1.2.4": ("MR, now described", UNTOLD_HEAD[1])}
    assert night.ingest(platform, ("pacs",)) is True
    assert counts(platform) == {}
    archive.studies["1.2.5"] = UNTOLD_KNEE
    night.ingest(platform, ("pacs",))
    archive.asked.clear()
    other = replace(platform, settings=platform.settings.model_copy(update={"intake": IntakeSettings(min_age=0)}))
    night.ingest(other, ("pacs",))
    assert archive.asked == ["1.2.5"]


def test_a_batch_that_is_repeated_says_the_same(platform: Platform, archive: Pacs) -> None:
    archive.studies = {"1.2.4": UNTOLD_KNEE}
    found = discovery.discover(platform, ("pacs",))
    [ids] = [one["ids"] for one in found["batches"]]
    assert batch.ingest_batch(platform, ids) == batch.ingest_batch(platform, ids) == {"excluded": 1}


def test_the_watermark_passes_what_is_not_taken(platform: Platform, archive: Pacs) -> None:
    archive.studies = {"1.2.4": KNEE}
    discovery.discover(platform, ("pacs",))
    assert run_sql(platform, "SELECT position FROM idh.watermark WHERE source = 'pacs'") == [("20180304",)]


def test_select_tells_taken_and_excluded_apart(platform: Platform) -> None:
    listed = [
        PacsStudy(f"1.{n}", "20180304", 1, description=text) for n, text in enumerate(("Brain", "LWS", "BWS", ""))
    ]
    taken, excluded = select(platform, "pacs", listed)
    assert [study.study_uid for study in taken] == ["1.0", "1.3"]
    assert excluded == {"spine": 2}


def with_result(platform: Platform, version: int = 1) -> None:
    deliver(platform, report(patient_id=MARKER_ID, version=version))


def test_a_patient_with_a_result_is_asked_for_once_whatever_the_date_of_the_study(
    platform: Platform, archive: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_result(platform)
    archive.studies, archive.day = {"1.2.3": BRAIN, "1.2.4": KNEE}, "19950102"
    only_patients = StudySource(lambda _: True, lambda *_: Listing([]), archive.fetch, archive.of_patients)
    for module in (discovery, batch, cohort_way):
        monkeypatch.setattr(module, "SOURCES", {"pacs": only_patients})
    night.ingest(platform, ("pacs",))
    assert archive.patients == [MARKER_ID]
    assert archive.asked == ["1.2.3"]
    assert run_sql(platform, "SELECT position FROM idh.watermark WHERE source = 'pacs'") == []
    night.ingest(platform, ("pacs",))
    assert archive.patients == [MARKER_ID]
    with_result(platform, version=2)
    night.ingest(platform, ("pacs",))
    assert archive.patients == [MARKER_ID, MARKER_ID]


def asked_and_recorded(platform: Platform) -> list[InboxItem]:
    """Ask for patients, and record it as discovery does."""
    listing = cohort_way.list_cohort(platform, "pacs")
    with platform.database.begin() as transaction:
        selection.record_asked(transaction, "pacs", listing.asked)
    return listing.items


def test_patients_stay_to_be_asked_until_what_was_found_is_registered(platform: Platform, archive: Pacs) -> None:
    with_result(platform)
    archive.studies = {"1.2.3": BRAIN}
    for _ in range(2):  # the first night ends before it registers anything
        assert [item.locator for item in cohort_way.list_cohort(platform, "pacs").items] == ["1.2.3"]
    assert asked_and_recorded(platform)
    assert asked_and_recorded(platform) == []


def test_as_many_patients_are_asked_for_as_the_setting_allows(platform: Platform, archive: Pacs) -> None:
    deliver(platform, [row for n in range(3) for row in report(f"r{n}", patient_id=f"P{n}")])
    few = replace(platform, settings=platform.settings.model_copy(update={"intake": IntakeSettings(cohort_patients=2)}))
    asked_and_recorded(few)
    assert len(archive.patients) == 2
    asked_and_recorded(few)
    assert sorted(archive.patients) == ["P0", "P1", "P2"]


def test_a_patient_is_asked_for_again_if_a_night_ended_before_it_had_registered_the_answer(
    platform: Platform, archive: Pacs
) -> None:
    with_result(platform)
    cohort_way.list_cohort(platform, "pacs")
    for _ in range(2):
        discover(platform, ("pacs",))
    assert archive.patients == [MARKER_ID, MARKER_ID]


def test_an_identifier_with_a_wildcard_is_never_a_question(platform: Platform, archive: Pacs) -> None:
    deliver(platform, report(patient_id="P*"))
    asked_and_recorded(platform)
    assert archive.patients == []


def test_studies_that_an_archive_lists_under_another_patient_are_not_taken_for_the_patient(
    platform: Platform, archive: Pacs
) -> None:
    deliver(platform, report(patient_id="another"))
    archive.studies = {"1.2.3": BRAIN}
    assert asked_and_recorded(platform) == []
    with_result(platform)
    assert [item.locator for item in asked_and_recorded(platform)] == ["1.2.3"]
