"""Cases: merges patients into persons, links studies to reports, and opens the questions for reviewers."""

import logging
from collections.abc import Mapping
from dataclasses import asdict

from idh_tasks.codes import Code
from idh_tasks.db import audit, cohort, due_work, links, quarantine, reviews
from idh_tasks.db.due_work import Stage
from idh_tasks.db.engine import Transaction
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.linkage.persons import resolve_persons
from idh_tasks.pipelines.link.feed import load_reports
from idh_tasks.pipelines.link.standings import update_standings
from idh_tasks.pipelines.platform import Platform, preprocessing_version, record_audit_head

log = logging.getLogger(__name__)

MOST_COUNTED = 10_000
"""Counting more studies that are due would change nothing."""
MISMATCH = "birth date or sex differ between report and images at the same identifier; ask the registry"


def link_cases(platform: Platform) -> dict[str, int]:
    """Link studies to their reports; return how many links have changed, and how many studies are due."""
    with platform.database.begin() as transaction:
        changed = _update_links(transaction, platform.settings.linkage.window_days)
        _hold_mismatches(transaction)
        outcomes, affected = cohort.count_cases(transaction), asdict(cohort.count_affected(transaction))
        audit.record(transaction, "link", "linked", "cases", changed=changed, affected=affected, **outcomes)
        cohort.keep_places(transaction, preprocessing_version(platform))
        links.finish_noted(transaction)
        due = due_work.count(transaction, Stage.PREPARE, MOST_COUNTED)
    record_audit_head(platform)
    log.info("%d links changed; cases: %s", changed, _in_words(outcomes))
    log.info("affected by changed labels: %s", _in_words(affected))
    return {"links": changed, "studies due": due}


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _update_links(transaction: Transaction, window_days: int) -> int:
    """Derive persons, links and questions of whom something has touched, or of all if the settings have changed."""
    links.lock(transaction)
    version = str(window_days)
    update_standings(transaction)
    links.touch_noted(transaction, everyone=links.derived_with(transaction) != version)
    links.save_persons(transaction, resolve_persons(links.active_merges(transaction)))
    changed = links.update_links(transaction, window_days)
    reviews.update_reviews(transaction)
    links.save_derived_with(transaction, version)
    return changed


def _hold_mismatches(transaction: Transaction) -> None:
    reports = links.mismatched_reports(transaction)
    held = [QuarantineEntry(report, "report", Code.E_DEMOGRAPHIC_MISMATCH, MISMATCH) for report in reports]
    quarantine.record(transaction, held)
    links.delete_settled_mismatches(transaction)


def link(platform: Platform) -> bool:
    """Load reports and link cases without Airflow; return whether there is new work."""
    load_reports(platform)
    return any(link_cases(platform).values())
