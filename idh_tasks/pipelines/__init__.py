"""One use case a file: the same work, whether Airflow or the command line asks for it."""
