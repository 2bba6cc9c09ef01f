"""The text of a question to a reviewer: all that is needed to decide, and no patient identifier."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from idh_tasks.domain.review import LEAVE_OPEN, ReviewKind

TITLES = {
    ReviewKind.UNCLEAR_RESULT: "Unclear wording of an IDH result",
    ReviewKind.UNCLEAR_DIAGNOSIS: "Is the diagnosis glioblastoma?",
    ReviewKind.REPORT_VERSIONS: "Which version of a report counts?",
    ReviewKind.LABEL_CONFLICT: "Final reports contradict each other",
    ReviewKind.SEVERAL_STUDIES: "Several equally suitable pre-operative studies",
    ReviewKind.NEAR_MISS: "Are these two patients the same person?",
    ReviewKind.AUTOMATIC_ROI: "Does the proposed outline fit the tumour?",
    ReviewKind.MERGE_MISMATCH: "Two merged patients differ in birth date or sex",
}
EXPLANATIONS = {
    ReviewKind.UNCLEAR_RESULT: "The text of the result was not understood as a whole, contradicts itself, or is "
    "uncertain. Look the report up in the laboratory's system and choose what it states; `exclude` leaves the case "
    "out.",
    ReviewKind.UNCLEAR_DIAGNOSIS: "The diagnosis is empty, negated, only suspected, or was not understood as a whole.",
    ReviewKind.REPORT_VERSIONS: "Versions of one report contradict each other and neither is known to be the newer, "
    "or the newer one states the other label on weaker evidence. Look the report up in the laboratory's system and "
    "choose the version that is right; `exclude` leaves the report out. A newer version settles the question as well.",
    ReviewKind.LABEL_CONFLICT: "Choose the correct status. Reports that state the other one are overruled, not "
    "deleted.",
    ReviewKind.SEVERAL_STUDIES: "They have the same date and the same number of usable sequences. Choose the one to "
    "use.",
    ReviewKind.NEAR_MISS: "A report matches no imaged patient by issuer and identifier, but almost matches this one. "
    "Nothing is linked unless you answer that they are the same person.",
    ReviewKind.AUTOMATIC_ROI: "No outline was delivered with the study; this one was proposed from T2 and FLAIR. If "
    "you accept it, it is used for the patches. If you reject it, the study waits for an outline of yours (DICOM SEG "
    "or `roi.nii.gz`).",
    ReviewKind.MERGE_MISMATCH: "The registry merged them. They remain separate until you decide.",
}

DIGEST_LENGTH = 16
ABOUT_REPORTS = (ReviewKind.UNCLEAR_RESULT, ReviewKind.UNCLEAR_DIAGNOSIS, ReviewKind.REPORT_VERSIONS)


@dataclass(frozen=True)
class Page:
    """A question as a reviewer sees it; the body is Markdown, and `digest` stands for all of it and the evidence."""

    title: str
    body: str
    options: tuple[str, ...]
    digest: str


def page(kind: ReviewKind, subject: str, evidence: str, detail: Mapping[str, object], options: Sequence[str]) -> Page:
    """Return what a reviewer is shown.

    The digest changes with the evidence and with every word of the text, whether the facts or the template changed.
    """
    headline, text, offered = f"{TITLES[kind]} ({subject[:8]})", _body(kind, subject, detail), (*options, LEAVE_OPEN)
    content = json.dumps([kind, subject, evidence, headline, text, offered])
    digest = hashlib.sha256(content.encode()).hexdigest()[:DIGEST_LENGTH]
    return Page(headline, f"{text}\n\nVersion of this question: `{digest}`", offered, digest)


def _body(kind: ReviewKind, subject: str, detail: Mapping[str, object]) -> str:
    lines = [EXPLANATIONS[kind], "", f"Subject: `{subject}`", ""]
    for name, value in detail.items():
        lines += _detail(name, value)
    if kind is ReviewKind.AUTOMATIC_ROI:
        picture = f"/idh/outlines/{subject}.png"
        lines.append(f"[![the proposed outline on T2, FLAIR and MPRAGE]({picture})]({picture})\n")
    if kind in ABOUT_REPORTS:
        lines.append("The laboratory's number of the report: `phi.report_source`, if you may read schema `phi`.\n")
    lines.append(f"The case stays out of the cohort if you choose `{LEAVE_OPEN}` or if nobody answers.")
    return "\n".join(lines)


def _detail(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (f"**{name}**", "", *(f"- {_entry(entry)}" for entry in value), "")
    else:
        yield f"**{name}**: {value}\n"


def _entry(entry: object) -> str:
    if isinstance(entry, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in entry.items())
    return f"`{entry}`"
