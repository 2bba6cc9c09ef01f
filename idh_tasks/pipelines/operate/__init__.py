"""Operate: what operators ask for outside the nightly DAGs."""
