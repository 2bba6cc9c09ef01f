"""Random histories of the laboratory and the registry end where an oracle says that their set of facts ends."""

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from idh_tasks.domain.pathology import Delivery, MergeNotice, Report, ReportedAssay, ReportStatus
from idh_tasks.pipelines.link import cases, feed
from idh_tasks.pipelines.platform import Platform
from tests.integration.test_link import ISSUER, add_study
from tests.oracle import Heard, Imaged, Told, labels

PATIENTS, REPORTS = ("p1", "p2", "p3"), ("r1", "r2")
DAY = date(2018, 6, 1)
ASSAYS = {
    "M": (ReportedAssay("IDH1 R132H IHC", "positive"),),
    "W": (ReportedAssay("IDH1 sequencing", "wild-type"), ReportedAssay("IDH2 sequencing", "wild-type")),
    "?": (ReportedAssay("IDH1 R132H IHC", "negative"),),
}
LETTERS = {"mutant": "M", "wildtype": "W", "indeterminate": "?"}
HISTORIES = int(os.environ.get("IDH_HISTORIES", "500"))


def as_report(told: Told) -> Report:
    return Report(
        told.report, told.version, ISSUER, told.patient, date(1958, 1, 1), "F", ReportStatus(told.status),
        "glioblastoma", told.surgery, None, 60, ASSAYS[told.verdict],
    )  # fmt: skip


def as_notice(heard: Heard) -> MergeNotice:
    moment = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=heard.moment)
    return MergeNotice(ISSUER, heard.prior, heard.surviving, moment, heard.undone)


def histories(platform: Platform) -> type[RuleBasedStateMachine]:  # noqa: C901 - a class made for one platform
    class Histories(RuleBasedStateMachine):
        """Every rule delivers something; at the end, and now and then before, all is linked and compared."""

        @initialize(
            studies=st.lists(
                st.tuples(st.sampled_from(PATIENTS), st.sampled_from((0, 5, 89, 90, 95)), st.integers(1, 2)),
                min_size=1,
                max_size=5,
            )
        )
        def image(self, studies: list[tuple[str, int, int]]) -> None:
            with platform.database.begin() as transaction:
                tables = "idh.patient, idh.study, idh.review, idh.audit_event, idh.quarantine"
                transaction._connection.execute(text(f"TRUNCATE {tables} CASCADE"))
            self.told: set[Told] = set()
            self.heard: set[Heard] = set()
            self.imaged = {
                Imaged(f"s{n}", patient, DAY - timedelta(days=back), sequences)
                for n, (patient, back, sequences) in enumerate(studies)
            }
            self.ids = {
                add_study(platform, i.study, i.day, i.patient, i.sequences): i.study
                for i in sorted(self.imaged, key=lambda i: i.study)
            }

        def deliver(self, **parts: Any) -> None:
            with platform.database.begin() as transaction:
                feed.store(platform, transaction, Delivery(**parts))

        @rule(
            report=st.sampled_from(REPORTS), version=st.integers(1, 5), patient=st.sampled_from(PATIENTS),
            status=st.sampled_from(("final", "final", "preliminary", "cancelled")), after=st.integers(-5, 10),
            verdict=st.sampled_from("MW?"),
        )  # fmt: skip
        def report(self, report: str, version: int, patient: str, status: str, after: int, verdict: str) -> None:
            """Deliver a first report, an amendment, a cancellation, a swap, early or late."""
            told = Told(report, version, patient, status, DAY + timedelta(days=after), verdict)
            if any((t.report, t.version) == (report, version) and t != told for t in self.told):
                return
            self.told.add(told)
            self.deliver(reports=(as_report(told),))

        @rule(pair=st.permutations(PATIENTS), moment=st.integers(0, 9), undone=st.booleans())
        def merge(self, pair: list[str], moment: int, undone: bool) -> None:
            if any((w.prior, w.moment) == (pair[0], moment) for w in self.heard):
                return
            heard = Heard(pair[0], pair[1], moment, undone)
            self.heard.add(heard)
            self.deliver(merges=(as_notice(heard),))

        @precondition(lambda self: self.told or self.heard)
        @rule(order=st.randoms(use_true_random=False))
        def deliver_all_again(self, order: Any) -> None:
            """Deliver everything again, in another order."""
            reports, merges = sorted(self.told, key=str), sorted(self.heard, key=str)
            order.shuffle(reports)
            order.shuffle(merges)
            self.deliver(reports=tuple(map(as_report, reports)), merges=tuple(map(as_notice, merges)))

        @rule()
        def compare(self) -> None:
            cases.link_cases(platform)
            with platform.database.begin() as transaction:
                listing = "SELECT study_id, patient_key, idh_status FROM idh.case_link WHERE chosen"
                rows = transaction._connection.execute(text(listing)).all()
            found = {self.ids[row.study_id]: LETTERS[row.idh_status] for row in rows}
            assert found == labels(self.told, self.heard, self.imaged)
            assert len({row.patient_key for row in rows}) == len(rows)

        def teardown(self) -> None:
            if hasattr(self, "ids"):
                self.compare()

    return Histories


def test_p08_l02_whatever_the_history_the_end_is_that_of_the_facts(platform: Platform) -> None:
    """Play histories of deliveries, amendments, cancellations, swaps, merges and un-merges, in random order."""
    run_state_machine_as_test(
        histories(platform),
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=12, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
