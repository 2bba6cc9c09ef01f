"""
### Retrain models

Every week, by hand, and after patches or their labels have changed: freeze the labelled cohort, cross-validate one
network a sequence on the `gpu` queue, write the report, judge each network beside its champion, ask a person, promote.

It trains while there is no champion, when enough new cases have come (`IDH_LEARNING__RETRAIN_AFTER_NEW_CASES`), or
when a label that was learnt from is another one now (`IDH_LEARNING__RETRAIN_AFTER_AFFECTED`; `idh linkage affected`
tells what used a report). A run by hand trains on any change.

**Writes**: `idh.dataset`, `idh.training_run`, `idh.fold_result`, `idh.held_out_score`, `idh.model`.

A challenger is refused if it is worse or worse calibrated than its champion, has collapsed to one class, or if a
network learnt from shuffled labels what it must not. `approve` waits for a person under *Required Actions*, unless
`IDH_APPROVAL=auto`. `idh learn rollback SEQUENCE` undoes a promotion.

**When it is red**: finished sequences are kept; clear the failed sequence and only it is trained again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag
from idh_airflow.approval import approval, approver
from idh_airflow.assets import CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, RETRAIN_CRON
from idh_airflow.steps import skip_unless, step

SEQUENCES = ["T1", "T2", "FLAIR", "MPRAGE", "RCBV", "ADC"]


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(RETRAIN_CRON, timezone="UTC"), assets=[PATCHES]),
    doc_md=__doc__,
    **DAG_DEFAULTS | {"dagrun_timeout": timedelta(days=7)},
)
def retrain_models() -> None:
    """Freeze cohort → train each sequence → evaluate → judge → approve → promote."""

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

        # The same for every attempt of this task: a retry goes on where the last one was killed.
        holder = f"{ti.run_id} {ti.map_index}"
        return training.train_sequence(platform(), training_run, MrSequence(sequence), holder)

    @step()
    def evaluate(training_run: str) -> str:
        from idh_tasks.pipelines.train.evaluate import evaluate as write_report

        return write_report(platform(), training_run)

    @step()
    def judge(training_run: str) -> dict[str, Any]:
        from idh_tasks.pipelines.train import promotion

        seen, told = promotion.challengers(platform(), training_run)
        skip_unless(seen, "no challenger was good enough")
        return {"seen": seen, "told": told}

    @step(outlets=[CHAMPIONS])
    def promote(training_run: str, judged: dict[str, Any], approved: Any) -> None:
        from idh_tasks.pipelines.train import promotion

        promoted = promotion.promote(platform(), training_run, judged["seen"], approver(approved))
        skip_unless(promoted, "these are champions already")

    run = freeze_cohort()
    judged = judge(run)
    trained = train_sequence.partial(training_run=run).expand(sequence=SEQUENCES)
    approved = approval("approve")
    trained >> evaluate(run) >> judged >> approved
    promote(run, judged, approved)


retrain_models()
