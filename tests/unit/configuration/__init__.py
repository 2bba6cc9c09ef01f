"""Tests of settings: what is known, what is accepted, what is in force."""
