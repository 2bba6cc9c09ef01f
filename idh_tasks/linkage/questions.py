"""How a question is put to a person: what she needs to decide, and no identifier of a patient."""

from collections.abc import Mapping
from typing import Any

LEAVE_OPEN = "leave open"
"""What a question that nobody answers comes to: the case stays out."""

TITLES = {
    "unclear_result": "IDH result in unclear words",
    "unclear_diagnosis": "Is the diagnosis glioblastoma?",
    "label_conflict": "Final reports contradict each other",
    "several_studies": "Several pre-operative studies, none before the other",
    "near_miss": "Are these two patients one person?",
    "automatic_roi": "Does the proposed outline fit the tumour?",
    "merge_mismatch": "A merge of two patients whose birth date or sex differ",
}
EXPLAINED = {
    "unclear_result": "The table of words does not know this text, or calls it uncertain. Look the report up "
    "in the laboratory's system and choose what it says; `exclude` keeps it without a status.",
    "unclear_diagnosis": "The diagnosis is empty, negated or only suspected.",
    "label_conflict": "Choose the status that holds. Reports that say otherwise are overruled, not deleted.",
    "several_studies": "They have the same day and the same number of usable sequences. Choose the one to use.",
    "near_miss": "A report fits no imaged patient by issuer and identifier, but nearly fits this one. Nothing is "
    "linked unless you say that they are the same person.",
    "automatic_roi": "No outline came with the study; this one was proposed from T2 and FLAIR. Accepted, it is used "
    "for the patches; rejected, the study waits for an outline of yours (DICOM SEG or `roi.nii.gz`).",
    "merge_mismatch": "The registry merged them. Until you decide they stay apart.",
}

OF_REPORTS = ("unclear_result", "unclear_diagnosis")


def title(kind: str, subject: str) -> str:
    """Return the headline of a question."""
    return f"{TITLES[kind]} ({subject[:8]})"


def body(kind: str, subject: str, detail: Mapping[str, Any]) -> str:
    """Return a question's text in Markdown."""
    lines = [EXPLAINED[kind], "", f"Subject: `{subject}`", ""]
    for name, value in detail.items():
        if isinstance(value, list):
            lines += [f"**{name}**", "", *(f"- {_entry(entry)}" for entry in value), ""]
        else:
            lines.append(f"**{name}**: {value}\n")
    if kind == "automatic_roi":
        picture = f"/idh/outlines/{subject}.png"
        lines.append(f"[![the proposed outline on T2, FLAIR and MPRAGE]({picture})]({picture})\n")
    if kind in OF_REPORTS:
        lines.append("The report's own number: `phi.report_source`, for those who may read schema `phi`.\n")
    lines.append(f"`{LEAVE_OPEN}`, and a question nobody answers, leaves the case out: awaiting review.")
    return "\n".join(lines)


def _entry(entry: object) -> str:
    if isinstance(entry, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in entry.items())
    return f"`{entry}`"
