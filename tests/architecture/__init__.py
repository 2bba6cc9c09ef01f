"""Tests: the architecture and the rules that hold it up."""
