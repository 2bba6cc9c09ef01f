"""The database: SQL lives in sql/, rows become domain values here."""
