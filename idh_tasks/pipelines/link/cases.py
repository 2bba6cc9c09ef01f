"""Link: who is who, which study belongs to which report, and what a person must decide."""

import logging

from idh_tasks.codes import Code
from idh_tasks.db import audit, patches, pathology, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.linkage.persons import who_is_who
from idh_tasks.pipelines.link.feed import load_reports
from idh_tasks.pipelines.platform import Platform, preprocessing_version

log = logging.getLogger(__name__)

MISMATCH = "birth date or sex of report and images differ at the same identifier; ask the registry"


def link_cases(platform: Platform) -> bool:
    """Link studies to their pathology; tell whether there is new work for preprocessing."""
    with platform.database.begin() as transaction:
        transaction.run("links/lock_linkage")
        pathology.save_persons(transaction, who_is_who(pathology.active_merges(transaction)))
        changed = pathology.link(transaction, platform.settings.linkage.window_days)
        _hold_mismatches(transaction)
        outcomes = {row["outcome"]: row["studies"] for row in transaction.rows("cohort/count_cases")}
        affected = dict(transaction.rows("cohort/count_affected")[0])
        audit.record(transaction, "link", "linked", "cases", changed=changed, affected=affected, **outcomes)
        due = patches.due_studies(transaction, preprocessing_version(platform))
    log.info("%d links changed; cases: %s; affected by changed labels: %s", changed, outcomes, affected)
    return changed > 0 or bool(due)


def _hold_mismatches(transaction: Transaction) -> None:
    keys = [row["report_key"] for row in transaction.rows("reports/select_mismatched_reports")]
    entries = [QuarantineEntry(key, "report", Code.E_DEMOGRAPHIC_MISMATCH, MISMATCH) for key in keys]
    quarantine.record(transaction, entries)
    transaction.run("reports/delete_settled_mismatches")


def link(platform: Platform) -> bool:
    """Load and link without Airflow; tell whether there is new work for preprocessing."""
    load_reports(platform)
    return link_cases(platform)
