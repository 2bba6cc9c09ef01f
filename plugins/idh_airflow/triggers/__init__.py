"""Triggers: what the triggerer waits for on behalf of a DAG."""
