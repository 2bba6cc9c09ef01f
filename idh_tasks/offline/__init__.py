"""The same stages on files, for a scientist: no database, no store, no Airflow."""
