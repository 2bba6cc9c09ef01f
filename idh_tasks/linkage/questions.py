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
    ReviewKind.SERIES_NAME: "Which MR sequence is this series?",
    ReviewKind.SAME_IMAGE: "Are these two patients with the same image one person?",
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
    ReviewKind.AUTOMATIC_ROI: "The origin below says whether this outline was proposed from T2 and FLAIR, because none "
    "was delivered with the study, or submitted by a person. If you accept it, it is used for the patches. If you "
    "reject it, the study waits for an outline of yours: upload it here or deliver it (DICOM SEG or `roi.nii.gz`).",
    ReviewKind.MERGE_MISMATCH: "The registry merged them. They remain separate until you decide.",
    ReviewKind.SERIES_NAME: "Header and name do not show for certain which sequence this is, and the study has no "
    "other series for it. `DWI` and `DSC` are the series from which ADC and rCBV are computed, `T1C` is a T1 after "
    "contrast that is not an MPRAGE, and `OTHER` is not used.",
    ReviewKind.SAME_IMAGE: "The search before a training found that these two patients have the same image of the "
    "tumour, as if one person had two pseudonyms. Compare their studies. `two different patients` holds as long as "
    "both have these patches: the next training does not report them. If they are `the same patient`, the training "
    "stays refused: have both merged at the source, or exclude one of the studies on its page. After the answer, the "
    "merge or the exclusion, start `retrain_models` by hand.",
}

DIGEST_LENGTH = 16
PICTURE = "picture"
"""The detail that says where the picture of a question is stored."""
PICTURES = {
    ReviewKind.AUTOMATIC_ROI: "the outline on the reference image, T2 and FLAIR",
    ReviewKind.SERIES_NAME: "up to six images from the middle of the series, in the order of their numbers",
    ReviewKind.SAME_IMAGE: "the patches of both in the sequence in which they are most alike; one may be mirrored",
}
"""Questions with a picture, and what it shows."""
ABOUT_REPORTS = (
    ReviewKind.UNCLEAR_RESULT,
    ReviewKind.UNCLEAR_DIAGNOSIS,
    ReviewKind.REPORT_VERSIONS,
    ReviewKind.LABEL_CONFLICT,
)


@dataclass(frozen=True)
class Page:
    """A question as a reviewer sees it; the body is Markdown, and `digest` stands for all of it and the evidence.

    `explanation`, `facts` and `picture` (what it shows) are the body in parts, for a page that lays them out itself.
    """

    title: str
    explanation: str
    facts: dict[str, object]
    picture: str | None
    about_reports: bool
    body: str
    options: tuple[str, ...]
    digest: str


def page(kind: ReviewKind, subject: str, evidence: str, detail: Mapping[str, object], options: Sequence[str]) -> Page:
    """Return what a reviewer is shown.

    The digest changes with the evidence and with every word of the text, whether the facts or the template changed.
    """
    facts = {name: value for name, value in detail.items() if name != PICTURE}
    shown = PICTURES.get(kind) if PICTURE in detail else None
    lines = [EXPLANATIONS[kind], "", f"Subject: `{subject}`", "", *_facts(facts)]
    if shown:
        # Relative to the path below which Airflow is served, which its page states.
        address = f"./idh/review/{review_id(kind, subject, evidence)}/picture.png"
        lines.append(f"[![{shown}]({address})]({address})\n")
    text = "\n".join([*lines, *_end(kind)])
    short = " and ".join(part[:8] for part in subject.split())
    headline, offered = f"{TITLES[kind]} ({short})", (*options, LEAVE_OPEN)
    content = json.dumps([kind, subject, evidence, headline, text, offered])
    digest = hashlib.sha256(content.encode()).hexdigest()[:DIGEST_LENGTH]
    body = f"{text}\n\nVersion of this question: `{digest}`"
    return Page(headline, EXPLANATIONS[kind], facts, shown, kind in ABOUT_REPORTS, body, offered, digest)


def review_id(kind: ReviewKind, subject: str, evidence: str) -> str:
    """Return the id of a question, as the database makes it."""
    return hashlib.md5(f"{kind} {subject} {evidence}".encode(), usedforsecurity=False).hexdigest()


def _facts(facts: Mapping[str, object]) -> Iterator[str]:
    for name, value in facts.items():
        yield from _detail(name, value)


def _end(kind: ReviewKind) -> Iterator[str]:
    if kind in ABOUT_REPORTS:
        yield "Pathology readers can open the laboratory's text on the page Review.\n"
    follows = "No network is trained" if kind is ReviewKind.SAME_IMAGE else "The case stays out of the cohort"
    yield f"{follows} if you choose `{LEAVE_OPEN}` or if nobody answers."


def _detail(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (f"**{name}**", "", *(f"- {_entry(entry)}" for entry in value), "")
    else:
        yield f"**{name}**: {value}\n"


def _entry(entry: object) -> str:
    if isinstance(entry, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in entry.items())
    return f"`{entry}`"
