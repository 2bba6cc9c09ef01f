"""
### Predict studies

After new patches, new champions or changed labels: the champion of every sequence gives each current patch a
probability of IDH mutation, once, with the model and the patch it came from. For research use; not for diagnosis.

**Writes**: `idh.prediction`; `in_training` marks patients the model has learnt from. `idh.document`: a DICOM
structured report a study; where label, study or champion change, a new one that names the one before it.

**When it is red**: clear the failed batch; predictions that are stored stay.
"""

from airflow.sdk import dag
from idh_airflow.assets import CASES, CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.steps import skip_unless, step


@dag(schedule=(PATCHES | CHAMPIONS | CASES), doc_md=__doc__, **DAG_DEFAULTS)
def predict_studies() -> None:
    """Find what is due → predict in batches → write documents."""

    @step()
    def due() -> list[object]:
        from idh_tasks.pipelines.predict import batch

        found = batch.due(platform())
        skip_unless(found, "every current patch has a prediction of its champion, or there is none yet")
        return list(found)

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
