"""
### Retrain models

Every week, on demand, and after patches or their labels have changed: freeze the labelled cohort, search it for one
person under two ids, cross-validate one network per sequence on the `gpu` queue, write the report, compare with the
champions, ask for approval, and promote. A scheduled run trains if there is no champion, or if enough cases are new or
relabelled (`IDH_LEARNING__RETRAIN_AFTER_…`). On demand, the form chooses sequences, and whether any change is enough.

**Writes**: `idh.dataset`, `idh.held_out_patient`, `idh.locked_decision`, `idh.training_run`, `idh.twin_pair`,
`idh.review`, `idh.fold_result`, `idh.held_out_score`, `idh.model`, `idh.judgement`, `idh.locked_look`.

A challenger is refused if it may be chance, leaks, or is behind a baseline or the best champion so far; all are while
*Review* asks if two patients with one image are one. Unless `IDH_APPROVAL=auto`, a person approves what was shown.

**When it is red**: clear the failed sequence; others are kept. After `E_STALE` or `E_NOT_SHOWN`, trigger a new run.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from idh_airflow.approval import approval, approval_of
from idh_airflow.assets import CHAMPIONS, PATCHES, QUESTIONS
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, RETRAIN_CRON
from idh_airflow.schedules import timed
from idh_airflow.sentences import judged
from idh_airflow.steps import new_unless_empty, skip_unless, step
from idh_airflow.training_form import PARAMS, asked, wanted

from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MrSequence

ROLE = Role.TRAIN
OPTIONS = DAG_DEFAULTS | {"dag_display_name": "Retrain models", "dagrun_timeout": timedelta(days=7)}
GPU = {"queue": "gpu", "pool": "gpu", "execution_timeout": timedelta(hours=6)}


@dag(schedule=timed(RETRAIN_CRON, PATCHES), doc_md=__doc__, params=PARAMS, **OPTIONS)
def retrain_models() -> None:
    """Freeze cohort → search twins → train each sequence → evaluate → judge → approve → promote."""

    @step("Training run: {}.")
    def freeze_cohort(params: dict[str, Any], dag_run: Any = None) -> str:
        from idh_tasks.pipelines.train import freeze

        due = freeze.freeze_cohort(platform(ROLE), *asked(params, dag_run))
        return skip_unless(due.run_id, due.reason)

    @step("Pairs of patients with the same image: {}.", outlets=[QUESTIONS])
    def search_twins(training_run: str) -> int:
        from idh_tasks.pipelines.train import twin_search

        return new_unless_empty(twin_search.search_twins(platform(ROLE), training_run), "no two of them are alike")

    @step("The networks of this sequence: {}.", map_index_template="{{ task.op_kwargs['sequence'] }}", **GPU)
    def train_sequence(training_run: str, sequence: str, ti: Any = None) -> str:
        from idh_tasks.pipelines.train import sequence as training

        holder = f"{ti.run_id} {ti.map_index}"  # of every attempt: a retry resumes where the last one was killed
        return training.train_sequence(platform(ROLE), training_run, MrSequence(sequence), holder)

    @step("Report: {}.")
    def evaluate(training_run: str) -> str:
        from idh_tasks.pipelines.train import evaluate

        return evaluate.evaluate(platform(ROLE), training_run)

    @step(judged)
    def judge(training_run: str) -> dict[str, Any]:
        from idh_tasks.pipelines.train import promotion

        judgement = promotion.judge_challengers(platform(ROLE), training_run)
        skip_unless(judgement["eligible"], "no challenger was good enough")
        return dict(judgement)

    @step("Now champions: {}.", outlets=[CHAMPIONS])
    def promote(training_run: str, judgement: Any, approved: Any) -> dict[str, int]:
        from idh_tasks.pipelines.train import promotion

        promoted = promotion.promote(platform(ROLE), training_run, judgement, approval_of(approved))
        return {"networks": len(skip_unless(promoted, "no network was approved, or they are champions already"))}

    run = freeze_cohort()
    shown = judge(run)
    search_twins(run) >> train_sequence.partial(training_run=run).expand(sequence=wanted(run)) >> evaluate(run) >> shown
    promote(run, shown, approval(shown))


retrain_models()
