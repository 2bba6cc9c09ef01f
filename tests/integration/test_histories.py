"""Random histories of the laboratory and the registry end as an oracle derives it from the same set of facts."""

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from idh_tasks.domain.pathology import Channel, FeedContent, MergeNotice, Report, ReportedAssay, ReportStatus
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.link.store_feed import store_content
from idh_tasks.pipelines.platform import Platform
from tests.database import empty, run_sql
from tests.derived import derived, forget
from tests.integration.test_link import ISSUER, add_study
from tests.oracle import MergeFact, ReportFact, StudyFact, labels

PATIENTS, REPORTS = ("p1", "p2", "p3"), ("r1", "r2")
DAY = date(2018, 6, 1)
ASSAYS = {
    "M": (ReportedAssay("IDH1 R132H IHC", "positive"),),
    "W": (ReportedAssay("IDH1 sequencing", "wild-type"), ReportedAssay("IDH2 sequencing", "wild-type")),
    "?": (ReportedAssay("IDH1 R132H IHC", "negative"),),
}
LETTERS = {"mutant": "M", "wildtype": "W", "indeterminate": "?"}
# `make histories` plays 500.
HISTORIES = int(os.environ.get("IDH_HISTORIES", "100"))


def as_report(fact: ReportFact) -> Report:
    return Report(
        fact.report, fact.version, ISSUER, fact.patient, date(1958, 1, 1), "F", ReportStatus(fact.status),
        "glioblastoma", fact.surgery, None, 60, ASSAYS[fact.label], channel=Channel(fact.channel),
    )  # fmt: skip


def as_notice(fact: MergeFact) -> MergeNotice:
    moment = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=fact.moment)
    return MergeNotice(ISSUER, fact.prior, fact.surviving, moment, fact.undone)


def histories(platform: Platform) -> type[RuleBasedStateMachine]:  # noqa: C901 - a class for one platform
    class Histories(RuleBasedStateMachine):
        """Each rule delivers something; now and then, and at the end, everything is linked and compared."""

        @initialize(
            studies=st.lists(
                st.tuples(st.sampled_from(PATIENTS), st.sampled_from((0, 5, 89, 90, 95)), st.integers(1, 2)),
                min_size=1,
                max_size=5,
            )
        )
        def image(self, studies: list[tuple[str, int, int]]) -> None:
            empty(platform)
            self.reports: set[ReportFact] = set()
            self.merges: set[MergeFact] = set()
            self.studies = {
                StudyFact(f"s{n}", patient, DAY - timedelta(days=back), sequences)
                for n, (patient, back, sequences) in enumerate(studies)
            }
            self.ids = {
                add_study(platform, s.study, s.day, s.patient, s.sequences): s.study
                for s in sorted(self.studies, key=lambda s: s.study)
            }

        def deliver(self, **parts: Any) -> None:
            with platform.database.begin() as transaction:
                store_content(platform, transaction, FeedContent(**parts))

        @rule(
            report=st.sampled_from(REPORTS), version=st.integers(1, 4), patient=st.sampled_from(PATIENTS),
            status=st.sampled_from(("final", "final", "preliminary", "cancelled")), after=st.integers(-5, 10),
            label=st.sampled_from("MW?"), channel=st.sampled_from(("view", "view", "hl7")),
        )  # fmt: skip
        def report(
            self, report: str, version: int, channel: str, patient: str, status: str, after: int, label: str
        ) -> None:
            """Deliver a first report, an amendment, a contradiction, a cancellation or a swap, early or late."""
            fact = ReportFact(report, version, patient, status, DAY + timedelta(days=after), label, channel)
            same = [r for r in self.reports if (r.report, r.version, r.channel) == (report, version, channel)]
            if any(r.patient != patient for r in same):  # which of two patients was meant first is not decided
                return
            self.reports.add(fact)
            self.deliver(reports=(as_report(fact),))

        @rule(pair=st.permutations(PATIENTS), moment=st.integers(0, 9), undone=st.booleans())
        def merge(self, pair: list[str], moment: int, undone: bool) -> None:
            if any((m.prior, m.moment) == (pair[0], moment) for m in self.merges):
                return
            fact = MergeFact(pair[0], pair[1], moment, undone)
            self.merges.add(fact)
            self.deliver(merges=(as_notice(fact),))

        @precondition(lambda self: self.reports or self.merges)
        @rule(order=st.randoms(use_true_random=False))
        def deliver_all_again(self, order: Any) -> None:
            """Deliver everything again, in another order."""
            reports, merges = sorted(self.reports, key=str), sorted(self.merges, key=str)
            order.shuffle(reports)
            order.shuffle(merges)
            self.deliver(reports=tuple(map(as_report, reports)), merges=tuple(map(as_notice, merges)))

        @rule()
        def compare(self) -> None:
            cases.link_cases(platform)
            rows = run_sql(platform, "SELECT study_id, patient_key, idh_status FROM idh.case_link WHERE chosen")
            chosen = {self.ids[study_id]: LETTERS[status] for study_id, _, status in rows}
            assert chosen == labels(self.reports, self.merges, self.studies)
            assert len({patient_key for _, patient_key, _ in rows}) == len(rows)
            touched = derived(platform)
            forget(platform)
            cases.link_cases(platform)
            assert derived(platform) == touched

        def teardown(self) -> None:
            if hasattr(self, "ids"):
                self.compare()

    return Histories


def test_p08_l02_the_links_depend_on_the_facts_and_not_on_their_order(platform: Platform) -> None:
    """Play histories of reports, amendments, cancellations, swaps, merges and their reversals, in random order."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        histories(platform),
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=12, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
