"""Tests log in as production does: a transaction has the role of the pipeline that opens it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

from sqlalchemy import make_url

from idh_tasks.db.engine import Database, Transaction
from idh_tasks.domain.role import Role
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login, name_of
from idh_tasks.pipelines.platform import Platform

PIPELINES = "idh_tasks.pipelines."
STAGES = {
    "ingest": Role.INGEST,
    "link": Role.LINK,
    "review": Role.LINK,
    "review.reopening": Role.PAGES,
    "review.study_judgements": Role.PAGES,
    "review.outlines": Role.PAGES,
    "review.series_rules": Role.PAGES,
    "preprocess": Role.PREPROCESS,
    "train": Role.TRAIN,
    "predict": Role.PREDICT,
    "due_work": Role.PREDICT,
    "pages": Role.PAGES,
    "operate.erasure": Role.ERASE,
    "operate.summary": Role.MONITOR,
    "operate.audit": Role.MONITOR,
    "operate.readmission": Role.PAGES,
    "operate.making_again": Role.PAGES,
    "operate.given_up": Role.PAGES,
    "operate.withdrawal": Role.PAGES,
    "operate.check": Role.INGEST,
    "operate.check.record_request": Role.PAGES,
    "review.questions.list_reviews": Role.MONITOR,
    # link_pathology asks as well, but may write more.
    "review.questions.reviews_due": Role.PREPROCESS,
    "link.cohort.flow": Role.MONITOR,
    "train.promotion.champions": Role.MONITOR,
    "train.promotion.history": Role.MONITOR,
}
"""The role with which DAGs, pages and CLI open each pipeline: by folder, module or function, the longest name first."""


def login_url(url: str, login: Role | Login) -> str:
    """Return the URL of the same database of an installation for another login."""
    parsed = make_url(url)
    installation = Installation(Path(str(parsed.query["host"])).parent)
    changed = parsed.set(username=name_of(login), password=installation.database_password(login))
    return changed.render_as_string(hide_password=False)


def database_as(platform: Platform, role: Role) -> Database:
    """Return the platform's database for one role."""
    return Database(login_url(platform.settings.database_url.get_secret_value(), role))


class ProductionDatabase(Database):
    """Opens each transaction as the role of the outermost pipeline on the stack; a test itself is the owner."""

    def __init__(self, url: str, task: str = "") -> None:
        super().__init__(url, task)
        self._as_role = cache(lambda role: Database(login_url(url, role), task))

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction."""
        role = calling_role(sys._getframe())
        with super().begin() if role is None else self._as_role(role).begin() as transaction:
            yield transaction


def calling_role(frame: FrameType | None) -> Role | None:
    """Return the role of the outermost pipeline that is being called, if there is one."""
    entry = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(PIPELINES) and module != f"{PIPELINES}platform":
            entry = f"{module.removeprefix(PIPELINES)}.{frame.f_code.co_name}"
        frame = frame.f_back
    return None if entry is None else role_of(entry)


def role_of(entry: str) -> Role:
    """Return the role of a function of a pipeline; without one, the test fails."""
    names = [name for name in STAGES if f"{entry}.".startswith(f"{name}.")]
    return STAGES[max(names, key=len)]


ERASED = (
    "disagreement study_exclusion submitted_outline prediction document held_out_patient locked_decision owner_change "
    "owner_doubt twin_pair held_out_score locked_score dataset_pack dataset_member case_link review study_view "
    "study_header qc_sheet patch series instance quarantine study assay report_standing report person merge_event "
    "patient cohort_place patient_query due_work shard"
)
"""Tables from which an erasure deletes rows."""
