"""
### Review cases

Whenever linking or preprocessing meets what only a person can decide: each open question waits here as a task in
the state *awaiting input*. Open it, read, choose; **Required Actions** in the menu lists them all. Questions carry
ids of ours and words of the field, no identifier of a patient; the laboratory's system shows the report itself.

**Questions**: reports that contradict each other, unclear words, an unclear diagnosis, several studies that no
rule tells apart, near misses of identifiers, merges of patients whose birth date or sex differ, and proposed
outlines of tumours, with a picture.

**Writes**: `idh.review` and `idh.audit_event` (who, when, what). An answer wakes `link_pathology`.

**When it is red**: `take` could not reach the database, or an answer came twice (`E_REVIEW`): look at
`idh linkage review show`.

**Unanswered**: after seven days the question ends as skipped, is asked again by the next link run, and the case
stays out of the cohort as *awaiting review*. The night does not wait for anybody.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import dag
from idh_airflow.assets import ANSWERS, QUESTIONS
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.review import ReviewOperator
from idh_airflow.steps import step

if TYPE_CHECKING:
    from idh_tasks.pipelines.review.questions import Question

PATIENCE = timedelta(days=7)


@dag(
    schedule=[QUESTIONS],
    doc_md=__doc__,
    **DAG_DEFAULTS | {"max_active_runs": 8, "dagrun_timeout": PATIENCE + timedelta(days=1)},
)
def review_cases() -> None:
    """Take the open questions → one waiting task a question."""

    @step()
    def take() -> "list[Question]":
        from idh_tasks.pipelines.review import questions

        return questions.claim_reviews(platform())

    ReviewOperator.partial(
        task_id="ask",
        defaults="leave open",
        response_timeout=PATIENCE,
        outlets=[ANSWERS],
        map_index_template="{{ task.subject }}",
    ).expand_kwargs(take())


review_cases()
