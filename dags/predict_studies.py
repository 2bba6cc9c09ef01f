"""
### Predict studies

After new patches, new champions or changed labels: the champion of every sequence gives each current patch a
probability of IDH mutation, once, stored with the model and the patch. For research use; not for diagnosis.

**Writes**: `idh.prediction`; `in_training` marks patients that the model was trained on. `idh.document`: one DICOM
structured report per study; when label, study or champion change, a new one that references the previous one.

**When it is red**: clear the failed batch; stored predictions are kept.
"""

from airflow.sdk import dag
from idh_airflow.assets import CASES, CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.steps import skip_unless, step


@dag(schedule=(PATCHES | CHAMPIONS | CASES), doc_md=__doc__, **DAG_DEFAULTS)
def predict_studies() -> None:
    """List the due studies → predict in batches → write documents."""

    @step()
    def due() -> list[object]:
        from idh_tasks.pipelines.predict import batch

        batches = batch.due(platform())
        skip_unless(batches, "every current patch has a prediction of its champion, or there is no champion yet")
        return list(batches)

    @step(map_index_template="{{ task.op_kwargs['batch']['label'] }}")
    def predict_batch(batch: dict[str, list[str]]) -> int:
        from idh_tasks.pipelines.predict.batch import predict_batch as predict

        return predict(platform(), batch["ids"])

    @step(trigger_rule="none_failed")
    def write_documents() -> int:
        from idh_tasks.pipelines.predict import documents

        return documents.write_documents(platform())

    predict_batch.expand(batch=due()) >> write_documents()


predict_studies()
