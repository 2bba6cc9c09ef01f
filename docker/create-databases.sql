-- POSTGRES_USER's own database, idh, exists already.
CREATE DATABASE airflow;
