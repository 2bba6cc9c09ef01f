-- The database idh, of POSTGRES_USER, exists already.
CREATE DATABASE airflow;
