"""Operate: actions that operators request outside the nightly DAGs."""
