"""Everything that imports Airflow and is not a DAG."""
