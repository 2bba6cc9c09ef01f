"""A random history of questions, answers, clears and changes of evidence, and what it must leave behind."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from idh_tasks.domain.review import LEAVE_OPEN
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import questions
from tests.database import empty, run_sql
from tests.integration.test_link import SURGERY, WILDTYPE, add_study, deliver, report
from tests.scheduler import Place, Scheduler

UNCLEAR = (("IDH1 R132H IHC", "weakly so"),)
STEPS = 3
ANSWERS = "SELECT review_id, answer, answered_by FROM idh.review WHERE answer IS NOT NULL"

Fact = tuple[str, str]
"""A patient, and what is asked about them: the version of an unclear report, or the days to surgery of two studies."""


@dataclass(frozen=True)
class Given:
    """An answer that Airflow has taken, with the question that it showed at that moment."""

    fact: Fact
    option: str
    user: str


@dataclass
class History:
    """What people have been shown and have answered, beside what is true."""

    platform: Platform
    scheduler: Scheduler
    chance: random.Random
    true: dict[str, Fact | None] = field(default_factory=dict)
    version: int = 0
    patients: tuple[str, ...] = ()
    runs: list[str] = field(default_factory=list)
    given: dict[str, list[Given]] = field(default_factory=dict)
    meaning: dict[str, Fact] = field(default_factory=dict)

    def play(self) -> int:
        """Play the whole history, with its checks; return how many answers were recorded."""
        empty(self.platform)
        self.patients = self.chance.choice((("wording",), ("studies",), ("wording", "studies")))
        add_study(self.platform, "of wording", SURGERY, "wording")
        for name in ("one", "two"):
            add_study(self.platform, name, SURGERY, "studies")
        self.unclear_report()
        self.equal_studies()
        self.link()
        self.ask()
        steps: list[Callable[[], None]] = [
            self.unclear_report, self.clear_report, self.equal_studies, self.withdraw, self.link, self.ask,
            self.answer, self.answer, self.answer, self.clear, self.answer_late, self.answer_late, self.crash,
            self.crash, self.time_out, self.settle,
        ]  # fmt: skip
        for step in self.chance.choices(steps, k=STEPS):
            step()
        self.settle()
        return len(run_sql(self.platform, ANSWERS))

    def unclear_report(self) -> None:
        """Deliver a version whose words are unclear: the question about it is a new one."""
        self._deliver("wording", ("wording", str(self.version + 1)), UNCLEAR)

    def clear_report(self) -> None:
        """Deliver a version that leaves no question."""
        self._deliver("wording", None, WILDTYPE)

    def equal_studies(self) -> None:
        """Deliver a report that fits two studies: the same question returns, or with another number of days."""
        days = self.chance.choice((3, 4))
        self._deliver("studies", ("studies", str(days)), WILDTYPE, surgery_date=SURGERY + timedelta(days=days))

    def withdraw(self) -> None:
        """Cancel the report that fits two studies."""
        self._deliver("studies", None, WILDTYPE, report_status="cancelled")

    def _deliver(self, patient: str, fact: Fact | None, assays: object, **values: object) -> None:
        """Deliver the next version of a report, if the history is about this patient."""
        if patient in self.patients:
            self.version += 1
            self.true[patient] = fact
            deliver(self.platform, report(f"of {patient}", assays, patient_id=patient, version=self.version, **values))

    def link(self) -> None:
        """Derive links and questions, and remember what each text means."""
        cases.link_cases(self.platform)
        for review in questions.list_reviews(self.platform, everything=True):
            if review.kind == "unclear_result":
                fact = ("wording", review.evidence)
            else:
                fact = ("studies", str(review.detail["days before surgery"]))
            self.meaning.setdefault(questions.page_of(review).body, fact)
            assert self.meaning[questions.page_of(review).body] == fact, "one text has one meaning"

    def ask(self) -> None:
        """Let Airflow ask what is open."""
        self.runs.append(self.scheduler.trigger())
        self.scheduler.work(self.runs[-1])

    def answer(self) -> None:
        """Answer one of the questions that Airflow shows, in time, too late or a second time."""
        place = self._place()
        shown = place and self.scheduler.shown(place)
        if not place or not shown:
            return
        option = self.chance.choice([*shown["options"][:2], *shown["options"]])
        user = self.chance.choice(("mary", "john"))
        taken = self.scheduler.answer(place, option, user=user) == httpx.codes.OK
        if taken and option != LEAVE_OPEN:
            self.given.setdefault(place.run_id, []).append(Given(self.meaning[shown["body"]], option, user))

    def clear(self) -> None:
        """Clear a task, or a task with those after it."""
        if place := self._place():
            task, index = self.chance.choice([("take", None), ("take", None), ("ask", place.map_index)])
            downstream = self.chance.random() < 0.7
            assert self.scheduler.clear(place.run_id, task, index, downstream=downstream) == httpx.codes.OK

    def answer_late(self) -> None:
        """Answer what Airflow still shows after a clear."""
        self.clear()
        self.answer()

    def crash(self) -> None:
        """Answer, and let Airflow take all tasks for crashed that have just been resumed."""
        self.answer()
        for run_id in self.runs:
            for index, state in self.scheduler.states(run_id, "ask").items():
                if state == "scheduled":
                    self.scheduler.crash(Place(run_id, "ask", index))

    def time_out(self) -> None:
        """Let the time for the answers of one run pass."""
        self.scheduler.time_out(self.chance.choice(self.runs))

    def settle(self) -> None:
        """Let Airflow work in every run, and check each."""
        for run_id in self.runs:
            before = self._recorded()
            self.scheduler.settle(run_id)
            self._check(before, self.given.pop(run_id, []))

    def _check(self, before: dict[Fact, set[tuple[str, str]]], given: list[Given]) -> None:
        """Check that exactly the answers count that were given to what was shown and is true."""
        true = {g for g in given if g.fact in self.true.values()}
        new = {fact: answers - before.get(fact, set()) for fact, answers in self._recorded().items()}
        for fact, answers in new.items():
            assert answers <= {(g.option, g.user) for g in true if g.fact == fact}, "recorded for what was not shown"
        for fact in {g.fact for g in true} - set(before):
            assert new.get(fact), "an answer to what was shown and is true was not recorded"

    def _recorded(self) -> dict[Fact, set[tuple[str, str]]]:
        recorded: dict[Fact, set[tuple[str, str]]] = {}
        for review in questions.list_reviews(self.platform, everything=True):
            if review.answer and review.answered_by:
                fact = self.meaning[questions.page_of(review).body]
                recorded.setdefault(fact, set()).add((review.answer, review.answered_by))
        return recorded

    def _place(self) -> Place | None:
        run_id = self.chance.choice(self.runs)
        indexes = [index for index in self.scheduler.states(run_id, "ask") if index >= 0]
        return Place(run_id, "ask", self.chance.choice(indexes)) if indexes else None
