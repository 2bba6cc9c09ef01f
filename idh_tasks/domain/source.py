"""The platform's connections to the systems around it, as pages, commands and the DAG of tests name them."""

from enum import StrEnum


class Source(StrEnum):
    """A connection: the id of its Airflow Connection without `idh_`."""

    PACS = "pacs"
    DICOMWEB = "dicomweb"
    STORE = "store"
    PATHOLOGY = "pathology"
    FHIR = "fhir"
    PSEUDONYM_KEY = "pseudonym_key"
    DB_INGEST = "db_ingest"
    DB_LINK = "db_link"
    DB_PREPROCESS = "db_preprocess"
    DB_TRAIN = "db_train"
    DB_PREDICT = "db_predict"

    @property
    def connection(self) -> str:
        """Return the id of its Airflow Connection."""
        return f"idh_{self.value}"
