"""Tests of the pipelines behind the pages."""
