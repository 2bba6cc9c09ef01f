"""Database roles: each process logs in with only the rights that its work needs (migrations 0008 and 0009)."""

from enum import StrEnum


class Role(StrEnum):
    """A database role of the platform."""

    OWNER = "owner"
    """Owns all tables; logs in for migrations only."""
    INGEST = "ingest"
    """`ingest_studies`."""
    LINK = "link"
    """`link_pathology` and `review_cases`."""
    PREPROCESS = "preprocess"
    """`preprocess_studies`."""
    TRAIN = "train"
    """`retrain_models`."""
    PREDICT = "predict"
    """`predict_studies`."""
    DELIVER = "deliver"
    """Delivery of documents."""
    ERASE = "erase"
    """`idh subject`."""
    BACKUP = "backup"
    """Backups: reads everything."""
    PAGES = "pages"
    """The platform's pages in the Airflow UI."""
    MONITOR = "monitor"
    """Status, counts and reports: reads schema `idh`."""

    @property
    def login(self) -> str:
        """Return the name of the role in PostgreSQL."""
        return f"idh_{self.value}"

    @property
    def connection(self) -> str:
        """Return the id of its Airflow Connection."""
        return f"idh_db_{self.value}"
