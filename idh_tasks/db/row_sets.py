"""Sets of rows as JSON arrays, of which no one is too large for PostgreSQL."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

LARGEST = 32 * 2**20
"""Characters of one array; PostgreSQL refuses a jsonb array above 256 MiB and a text above 1 GiB."""


def arrays(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield rows, in their order, as arrays of at most `LARGEST` characters; a larger row is an array of its own."""
    part: list[str] = []
    size = 0
    for row in rows:
        text = json.dumps(row, default=str)
        if part and size + len(text) > LARGEST:
            yield f"[{','.join(part)}]"
            part, size = [], 0
        part.append(text)
        size += len(text) + 1
    if part:
        yield f"[{','.join(part)}]"
