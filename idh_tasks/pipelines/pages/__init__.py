"""Pages: what the pages in the Airflow UI show, read by pseudonymous ids only."""
