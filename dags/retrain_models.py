"""
### Retrain models

Every week, by hand, and after patches or their labels have changed: freeze the labelled cohort, cross-validate one
network per sequence on the `gpu` queue, write the report, judge each network beside its champion, ask a person, and
promote.

It trains if there is no champion yet, if enough cases are new (`IDH_LEARNING__RETRAIN_AFTER_NEW_CASES`), or if enough
labels that a network was trained on have changed (`IDH_LEARNING__RETRAIN_AFTER_AFFECTED`; `idh linkage affected` lists
what used a report). A run that is triggered by hand trains on any change.

**Writes**: `idh.dataset`, `idh.training_run`, `idh.fold_result`, `idh.held_out_score`, `idh.model`.

A challenger is refused if it is worse than its champion, if it is worse calibrated, if it assigns all patients to one
class, or if a network that was trained on shuffled labels predicts them. `approve` waits for a person under *Required
Actions*, unless `IDH_APPROVAL=auto`. `idh learn rollback SEQUENCE` undoes a promotion.

**When it is red**: finished sequences are kept; clear the failed sequence, and only that one is trained again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag
from idh_airflow.approval import approval, approver
from idh_airflow.assets import CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, RETRAIN_CRON
from idh_airflow.steps import skip_unless, step

from idh_tasks.domain.sequence import MODEL_SEQUENCES


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(RETRAIN_CRON, timezone="UTC"), assets=[PATCHES]),
    doc_md=__doc__,
    **DAG_DEFAULTS | {"dagrun_timeout": timedelta(days=7)},
)
def retrain_models() -> None:
    """Freeze the cohort → train each sequence → evaluate → judge → approve → promote."""

    @step()
    def freeze_cohort(dag_run: Any = None) -> str:
        from idh_tasks.pipelines.train import freeze

        due = freeze.freeze_cohort(platform(), force=dag_run.run_type == "manual")
        skip_unless(due.run_id, due.reason)
        return str(due.run_id)

    @step(
        queue="gpu",
        pool="gpu",
        map_index_template="{{ task.op_kwargs['sequence'] }}",
        execution_timeout=timedelta(hours=6),
    )
    def train_sequence(training_run: str, sequence: str, ti: Any = None) -> str:
        from idh_tasks.domain.sequence import MrSequence
        from idh_tasks.pipelines.train import sequence as training

        # The same for every attempt of this task, so that a retry may resume where the last attempt was killed.
        holder = f"{ti.run_id} {ti.map_index}"
        return training.train_sequence(platform(), training_run, MrSequence(sequence), holder)

    @step()
    def evaluate(training_run: str) -> str:
        from idh_tasks.pipelines.train.evaluate import evaluate as write_report

        return write_report(platform(), training_run)

    @step()
    def judge(training_run: str) -> dict[str, Any]:
        from idh_tasks.pipelines.train import promotion

        judgement = promotion.judge_challengers(platform(), training_run)
        skip_unless(judgement["eligible"], "no challenger was good enough")
        return dict(judgement)

    @step(outlets=[CHAMPIONS])
    def promote(training_run: str, judgement: dict[str, Any], approved: Any) -> None:
        from idh_tasks.pipelines.train import promotion

        promoted = promotion.promote(platform(), training_run, judgement["eligible"], approver(approved))
        skip_unless(promoted, "these models are champions already")

    run = freeze_cohort()
    judgement = judge(run)
    sequences = [sequence.value for sequence in MODEL_SEQUENCES]
    trained = train_sequence.partial(training_run=run).expand(sequence=sequences)
    approved = approval("approve")
    trained >> evaluate(run) >> judgement >> approved
    promote(run, judgement, approved)


retrain_models()
