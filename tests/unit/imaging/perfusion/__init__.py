"""Tests of perfusion."""
