"""The platform's pages in the Airflow UI."""
