"""Builds HL7 version 2 messages; a test names only the fields that it is about."""

from collections.abc import Iterable, Mapping

SEQUENCED_NEGATIVE = "SEQ2^IDH2 codon 172 sequencing"
FIELDS: Mapping[str, Mapping[int, str]] = {
    "MSH": {3: "LIS", 4: "PATH", 5: "IDH", 6: "IDH", 7: "20180620101500", 9: "ORU^R01^ORU_R01", 10: "M1", 11: "P",
            12: "2.5.1"},
    "PID": {1: "1", 3: "0012^^^H^MR", 5: "DOE^JANE", 7: "19580101", 8: "F"},
    "OBR": {1: "1", 3: "R1^LIS", 4: "11529-5^Pathology report", 7: "20180601", 22: "20180620101500", 25: "F"},
    "OBX": {1: "1", 2: "ST", 3: "SEQ1^IDH1 codon 132 sequencing", 5: "not detected", 11: "F"},
    "SPM": {1: "1", 2: "SP-1"},
    "NTE": {1: "1", 3: "comment"},
    "ORC": {1: "RE"},
    "EVN": {1: "A40"},
    "MRG": {1: "0099^^^H^MR"},
}  # fmt: skip


def segment(name: str, changes: Mapping[int, str] | None = None) -> str:
    """Return a segment with some of its fields changed."""
    fields = {**FIELDS.get(name, {}), **(changes or {})}
    if name == "MSH":
        fields = {number - 1: value for number, value in fields.items()} | {1: fields.get(2, "^~\\&")}
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields, default=0) + 1))])


def obx(name: str, value: str, kind: str = "ST", **fields: str) -> str:
    """Return a result; further fields by number, such as `f11="C"`."""
    changes = {int(number[1:]): text for number, text in fields.items()}
    return segment("OBX", {2: kind, 3: name, 5: value} | changes)


DIAGNOSIS = obx("22637-3^Pathology report final diagnosis", "Glioblastoma, WHO grade 4", "TX")
SURGERY = obx("OPDATE^Date of surgery", "20180602", "TX")
IDH1 = obx("SEQ1^IDH1 codon 132 sequencing", "not detected")
MUTATED = obx("SEQ1^IDH1 codon 132 sequencing", "p.R132H")
IDH2 = obx("SEQ2^IDH2 codon 172 sequencing", "not detected")


def patient(identifier: str = "0012", changes: Mapping[int, str] | None = None) -> str:
    """Return a patient with this medical record number."""
    return segment("PID", {3: f"{identifier}^^^H^MR"} | dict(changes or {}))


def order(report: str = "R1", *results: str, changes: Mapping[int, str] | None = None) -> list[str]:
    """Return an order with its results; without any, those of a wild-type glioblastoma."""
    return [segment("OBR", {3: f"{report}^LIS"} | dict(changes or {})), *(results or (DIAGNOSIS, SURGERY, IDH1, IDH2))]


def message(*segments: str | Iterable[str], header: Mapping[int, str] | None = None) -> str:
    """Return a message whose segments end with carriage returns; without segments, one report of one patient."""
    body = [part for given in segments for part in ([given] if isinstance(given, str) else given)]
    return "".join(f"{line}\r" for line in (segment("MSH", header), *(body or [patient(), *order()])))


def report(*results: str, request: Mapping[int, str] | None = None, person: Mapping[int, str] | None = None) -> bytes:
    """Return a message with one report: glioblastoma, operated, IDH2 wild-type, and the given results."""
    body = order("R1", DIAGNOSIS, SURGERY, *results, IDH2, changes=request)
    return message(patient(changes=person), body).encode()
