"""
### Predict studies

After new patches, new champions or changed labels, and after exclusions and answers that were taken back: the champion
of every sequence assigns each current patch its probability of an IDH mutation, once, recorded with the model and the
patch. For research use; not for diagnosis.

**Writes**: `idh.prediction`, where `in_training` marks patients from whom the model has learned; `idh.document`, one
DICOM structured report per study, and a new one that supersedes it whenever label, study or champion change, or its
predictions are withdrawn. A sequence whose champion was withdrawn without a successor is not predicted; the note of the
run names it.

**When it is red**: clear the failed task. What is stored is kept, and a task takes only what is still due.
"""

from typing import Any

from airflow.sdk import dag
from idh_airflow.assets import CASES, CHAMPIONS, JUDGEMENTS, PATCHES, WORK
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.sentences import published
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

ROLE = Role.PREDICT
LABEL = "{{ task.op_kwargs['share']['label'] }}"


@dag(
    schedule=(PATCHES | CHAMPIONS | CASES | JUDGEMENTS | WORK),
    doc_md=__doc__,
    dag_display_name="Predict studies",
    **DAG_DEFAULTS,
)
def predict_studies() -> None:
    """Select what is due → predict → write documents; tasks share the studies of each."""

    @step("Tasks that share the studies: {}.")
    def due() -> list[object]:
        from idh_tasks.pipelines.predict import batch

        return list(batch.due(platform(ROLE)))

    @step("Predictions stored: {}.", map_index_template=LABEL)
    def predict_batch(share: dict[str, str], ti: Any = None) -> int:  # noqa: ARG001 - it names the task
        from idh_tasks.pipelines.predict.batch import predict_batch as predict

        return predict(platform(ROLE), f"{ti.run_id} {ti.map_index}")

    @step("Tasks that share the documents: {}.", trigger_rule="none_failed")
    def documents_due() -> list[object]:
        from idh_tasks.pipelines.predict import documents

        return list(documents.due(platform(ROLE)))

    @step("Documents written: {}.", map_index_template=LABEL)
    def write_documents(share: dict[str, str], ti: Any = None) -> int:  # noqa: ARG001 - it names the task
        from idh_tasks.pipelines.predict import documents

        return documents.write_documents(platform(ROLE), f"{ti.run_id} {ti.map_index}")

    @step(published, trigger_rule="none_failed")
    def publish(written: list[int]) -> object:
        from idh_tasks.pipelines.predict import documents

        return new_unless_empty(documents.published(platform(ROLE), sum(written or ())), "every document is up to date")

    shares = documents_due()
    predict_batch.expand(share=due()) >> shares
    publish(write_documents.expand(share=shares))


predict_studies()
