"""Sorts the observations of a report into assays, diagnosis and date of surgery."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

SURGERY = re.compile(
    r"date of surgery|surgery date|op-?datum|data (dell')?intervento|date d.op[ée]ration|fecha de .*cirug", re.I
)
DIAGNOSIS = re.compile(r"22637-3|diagnos", re.IGNORECASE)
"""LOINC 22637-3: pathology report final diagnosis."""
ASSAY = re.compile(r"idh|r132|r172", re.IGNORECASE)


class ObservationState(StrEnum):
    """What the sender says of a result: only a final one counts."""

    FINAL = "final"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Observation:
    """One named value of a report."""

    name: str
    value: str
    state: ObservationState = ObservationState.FINAL


def report_rows(report: dict[str, object], observations: Sequence[Observation]) -> Iterator[dict[str, object]]:
    """Yield one row per assay, as in a table; a report without assays has one row."""
    columns = report | {"diagnosis": "", "surgery_date": ""}
    assays = []
    for observation in (o for o in observations if o.state is not ObservationState.WITHDRAWN):
        if SURGERY.search(observation.name):
            columns["surgery_date"] = observation.value[:10]
        elif DIAGNOSIS.search(observation.name):
            columns["diagnosis"] = observation.value
        elif ASSAY.search(observation.name):
            assays.append(observation)
    for assay in assays or [Observation("", "")]:
        yield columns | {"method": assay.name, "result": _result(assay)}


def _result(assay: Observation) -> str:
    return "pending" if assay.state is ObservationState.PENDING else assay.value
