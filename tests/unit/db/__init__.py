"""Tests of the database layer that need no database."""
