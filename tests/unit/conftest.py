"""Fixtures of unit tests."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def in_one_process() -> Iterator[None]:
    """Train folds one after another in this process, which loads TensorFlow once instead of once per core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: {0})
        yield
