"""The night that all end-to-end tests look at, in the order of their files, and the browser in which people do."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from playwright.sync_api import Browser

from idh_tasks.local import up
from tests.browser import chromium
from tests.conftest import temporary_installation
from tests.e2e.night import PLAN, Night, disturbed_night


@pytest.fixture(scope="package")
def night() -> Iterator[Night]:
    """Return what the first night left; its installation, whose settings the demo loads, is gone for other tests."""
    with temporary_installation() as installation, patch.dict(os.environ):
        for name in PLAN.options():
            os.environ.pop(name, None)
        yield disturbed_night(installation)


@pytest.fixture(scope="module")
def browser(night: Night) -> Iterator[Browser]:
    """Start Debian's Chromium; the platform runs."""
    with chromium() as started:
        up.up(night.installation, print)
        yield started
