"""
### Review cases

Whenever linking, preprocessing or training meets a question that only a person can decide, it waits here as a task in
the state *awaiting input*. Answer it on the page **Review** or under **Required Actions**. Questions contain the
platform's ids and medical terms, but no patient identifier; pathology readers open the text of a report on the page.

**Questions**: contradictory reports, unclear results or diagnoses, several equally suitable studies, almost identical
patient identifiers, merges of patients whose birth date or sex differ, series whose name is not sure, proposed tumour
outlines, and patients with the same image. A wrong answer is taken back on the page **Review**; clearing a task takes
nothing back.

**Writes**: `idh.review` and `idh.audit_event` (who, when, what). An answer starts `link_pathology`.

**An answer counts only for exactly what was shown.** Every question ends with its version, which changes with the
evidence and with the text. Airflow keeps the text of a task's first attempt, even after a retry or a clear: the answer
is recorded for the question with this text, and only if it is still the question. Cleared, `take` takes the same
questions again.

**When it is red**: `take` could not reach the database, a question was answered twice (`E_REVIEW`), or it has changed
since it was shown (`E_NOT_SHOWN`): then nothing was recorded, and it is asked again after the next link run. See
`idh linkage review show`.

**Unanswered**: after seven days the task is skipped and the next link run asks again. Until then the case stays out of
the cohort, *awaiting review*, and the run is *running*: it holds no worker, and nothing else waits for it.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import dag
from idh_airflow.assets import ANSWERS, QUESTIONS
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.review import ReviewOperator
from idh_airflow.steps import step
from idh_airflow.task_docs import doc_of

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.review.questions import Question

ROLE = Role.LINK
PATIENCE = timedelta(days=7)
MOST_WAITING = 256
"""Runs that wait at once; the scheduler looks at each of them again and again."""


@dag(
    schedule=[QUESTIONS],
    doc_md=__doc__,
    dag_display_name="Review cases",
    **DAG_DEFAULTS | {"max_active_runs": MOST_WAITING, "dagrun_timeout": PATIENCE + timedelta(days=1)},
)
def review_cases() -> None:
    """Take the open questions → one waiting task per question."""

    @step("Questions asked: {}.")
    def take(task_state_store: Any = None) -> "list[Question]":
        from idh_tasks.pipelines.review import questions

        # Cleared, the task takes the same questions, so that each stays with the instance of `ask` that shows it.
        if taken := task_state_store.get("taken"):
            return questions.questions_again(platform(ROLE), taken)
        claimed = questions.claim_reviews(platform(ROLE))
        task_state_store.set("taken", [question["shown"] for question in claimed])
        return claimed

    ReviewOperator.partial(
        task_id="ask",
        doc_md=doc_of("review_cases", "ask"),
        defaults="leave open",
        response_timeout=PATIENCE,
        outlets=[ANSWERS],
        map_index_template="{{ task.subject }}",
    ).expand_kwargs(take())


review_cases()
