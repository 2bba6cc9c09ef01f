"""
### Predict studies

After new patches, new champions or changed labels, and after exclusions and answers that were taken back: the champion
of every sequence assigns each current patch its probability of an IDH mutation, once, recorded with the model and the
patch. For research use; not for diagnosis.

**Writes**: `idh.prediction`, where `in_training` marks patients from whom the model has learned; `idh.document`, one
DICOM structured report per study, and a new one that supersedes it whenever label, study or champion change, or its
predictions are withdrawn. A sequence whose champion was withdrawn without a successor is not predicted; the note of the
run names it.

**When it is red**: clear the failed batch. Stored predictions are kept.
"""

from airflow.sdk import dag
from idh_airflow.assets import CASES, CHAMPIONS, JUDGEMENTS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.sentences import published
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

ROLE = Role.PREDICT


@dag(
    schedule=(PATCHES | CHAMPIONS | CASES | JUDGEMENTS),
    doc_md=__doc__,
    dag_display_name="Predict studies",
    **DAG_DEFAULTS,
)
def predict_studies() -> None:
    """Select what is due → predict in batches → write documents."""

    @step("Batches of studies: {}.")
    def due() -> list[object]:
        from idh_tasks.pipelines.predict import batch

        return list(batch.due(platform(ROLE)))

    @step("Predictions stored: {}.", map_index_template="{{ task.op_kwargs['batch']['label'] }}")
    def predict_batch(batch: dict[str, list[str]]) -> int:
        from idh_tasks.pipelines.predict.batch import predict_batch as predict

        return predict(platform(ROLE), batch["ids"])

    @step(published, trigger_rule="none_failed")
    def write_documents() -> object:
        from idh_tasks.pipelines.predict import documents

        return new_unless_empty(documents.publish(platform(ROLE)), "every document is up to date")

    predict_batch.expand(batch=due()) >> write_documents()


predict_studies()
