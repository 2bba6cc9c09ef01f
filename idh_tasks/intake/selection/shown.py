"""The tables of words in force, as people read them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from idh_tasks.intake.selection.filters import Filters


@dataclass(frozen=True)
class ShownWords:
    """All phrases of one table that decide alike."""

    table: str
    decision: str
    kind: str
    field: str
    words: str


def shown(rules: Filters) -> Iterator[ShownWords]:
    """Yield the tables in force, the one for studies first."""
    for name, table in (("studies", rules.studies), ("series", rules.series)):
        groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for rule in table.rules:
            groups[rule.choice.value, rule.kind, rule.field.value].append(rule.phrase)
        for (decision, kind, field), phrases in groups.items():
            yield ShownWords(name, decision, kind, field, ", ".join(phrases))
