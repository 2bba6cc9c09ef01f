"""Operate: what operators request outside the nightly DAGs."""
