"""JSON as RFC 8259 has it, which knows neither NaN nor infinity."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any


def valid_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON: a number that is not finite is null, and what JSON does not know is its text."""
    return json.dumps(_finite(value), default=str, indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(own) for key, own in value.items()}
    return [_finite(own) for own in value] if isinstance(value, (list, tuple)) else value
