"""Triggers: the events that the triggerer awaits on behalf of a DAG."""
