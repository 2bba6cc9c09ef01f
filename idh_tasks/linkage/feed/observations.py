"""What the observations of a report are: assays, its diagnosis, or the day of surgery."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SURGERY = re.compile(
    r"date of surgery|surgery date|op-?datum|data (dell')?intervento|date d.op[ée]ration|fecha de .*cirug", re.I
)
DIAGNOSIS = re.compile(r"22637-3|diagnos", re.IGNORECASE)
"""LOINC 22637-3: pathology report final diagnosis."""
ASSAY = re.compile(r"idh|r132|r172", re.IGNORECASE)


@dataclass(frozen=True)
class Observation:
    """One named value of a report."""

    name: str
    value: str
    pending: bool = False


def report_rows(report: dict[str, object], observations: Sequence[Observation]) -> Iterator[dict[str, object]]:
    """Yield one row an assay, as a table would have it; a report without assays keeps one row."""
    found = report | {"diagnosis": "", "surgery_date": ""}
    assays = []
    for observation in observations:
        if SURGERY.search(observation.name):
            found["surgery_date"] = observation.value[:10]
        elif DIAGNOSIS.search(observation.name):
            found["diagnosis"] = observation.value
        elif ASSAY.search(observation.name):
            assays.append(observation)
    for assay in assays or [Observation("", "")]:
        yield found | {"method": assay.name, "result": "pending" if assay.pending else assay.value}
