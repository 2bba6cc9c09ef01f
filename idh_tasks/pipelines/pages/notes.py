"""Codes under which nothing is held."""

from idh_tasks.codes import Code, Consequence

NOTES = [code for code in Code if code.consequence is Consequence.NOTED]
