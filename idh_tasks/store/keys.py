"""Builds all object keys; every part of a key is an id of the platform."""

import hashlib
import re
from datetime import UTC, datetime

from idh_tasks.domain.audit import ChainHead
from idh_tasks.domain.sequence import MrSequence

AUDIT = "audit/"
"""Prefix of the recorded heads of the audit chain; no process may delete them."""
SUBMITTED = "outlines/"
"""Prefix of the outlines that people submitted."""
AUDIT_TIME = "%Y%m%dT%H%M%S.%fZ"
STUDY_ROOTS = ("studies", "patches", "documents", "outlines", "phi/originals")
AUDIT_HEAD = re.compile(r"audit/(?P<time>[0-9T.]+Z)-(?P<position>\d{12,})-(?P<hash>[0-9a-f]{64})")


def digest(*parts: object) -> str:
    """Return a 24-character hash of the parts, the same for the same parts."""
    joined = "\x1f".join(map(str, parts))
    return hashlib.sha256(joined.encode()).hexdigest()[:24]


def series(study_id: str, content_hash: str, series_id: str) -> str:
    """Key of the de-identified instances of one series."""
    return f"studies/{study_id}/{content_hash}/{series_id}.zip"


def manifest(study_id: str, sha256: str) -> str:
    """Key of the list of all instances of a study."""
    return f"studies/{study_id}/{sha256[:24]}.manifest"


def roi(study_id: str, content_hash: str) -> str:
    """Key of the ROI mask that was delivered with a study."""
    return f"studies/{study_id}/{content_hash}/roi.nii.gz"


def outline(study_id: str, sha256: str) -> str:
    """Key of the image of a proposed outline."""
    return f"studies/{study_id}/outline-{sha256[:24]}.png"


def outline_mask(study_id: str, sha256: str) -> str:
    """Key of a proposed or used outline as a mask in the reference space."""
    return f"studies/{study_id}/outline-{sha256[:24]}.nii.gz"


def submitted_outline(study_id: str, sha256: str) -> str:
    """Key of an outline that a person submitted; the pages may write below this prefix and nowhere else."""
    return f"{SUBMITTED}{study_id}/{sha256}.nii.gz"


def series_images(study_id: str, series_id: str, sha256: str) -> str:
    """Key of the picture of a series whose name is not sure, with these images."""
    return f"studies/{study_id}/images-{series_id}-{sha256[:24]}.png"


def pair_images(study_id: str, evidence: str) -> str:
    """Key of the picture of two patients who have the same image, one of whom this study shows."""
    return f"studies/{study_id}/pair-{evidence[:24]}.png"


def qc_sheet(study_id: str, version: str) -> str:
    """Key of the sheet for a visual check of a study's patches."""
    return f"patches/{study_id}/qc-{version}.png"


def slices(study_id: str, name: str, version: str) -> str:
    """Key of a picture of a study's slices; `name` is a sequence or `outline`."""
    return f"patches/{study_id}/slices-{name}-{version}.png"


def quarantined(subject: str) -> str:
    """Key of the encrypted bytes of a quarantined instance, which identify the patient."""
    return f"phi/quarantine/{subject}"


def original(study_id: str, content_hash: str) -> str:
    """Key of the encrypted original files of a study, which identify the patient."""
    return f"phi/originals/{study_id}/{content_hash}"


def of_study(study_id: str) -> tuple[str, ...]:
    """Return the prefixes of all objects of a study."""
    return tuple(f"{root}/{study_id}/" for root in STUDY_ROOTS)


def document(study_id: str, document_id: str) -> str:
    """Key of a structured report of predictions."""
    return f"documents/{study_id}/{document_id}.dcm"


def patch(study_id: str, patch_id: str, sequence: MrSequence) -> str:
    """Key of one 64×64 patch; `patch_id` is the hash of inputs, code and settings."""
    return f"patches/{study_id}/{sequence.value}-{patch_id}.npy"


def shard(sequence: MrSequence, content: str) -> str:
    """Key of an array of patches of one sequence; `content` is a hash of which patches they are."""
    return f"datasets/shards/{sequence.value}/{content}.npy"


def model(run_id: str, sequence: MrSequence) -> str:
    """Key of the registered network of one sequence."""
    return f"models/{run_id}/{sequence.value}.keras"


def checkpoint(run_id: str, sequence: str, fold: int) -> str:
    """Key of the training state of a fold."""
    return f"checkpoints/{run_id}/{sequence}/{fold}"


def figures(run_id: str, name: str) -> str:
    """Key of a file with the numbers of a training report."""
    return f"reports/{run_id}/{name}"


def report(run_id: str) -> str:
    """Key of the HTML report of a training run."""
    return f"reports/{run_id}/report.html"


def audit_head(head: ChainHead) -> str:
    """Key of a recorded head of the audit chain; it contains the whole head, so that no content can contradict it."""
    return f"{AUDIT}{head.occurred_at.astimezone(UTC).strftime(AUDIT_TIME)}-{head.position:012}-{head.hash}"


def read_audit_head(key: str) -> ChainHead | None:
    """Return the head that a key contains, or None if it is not such a key."""
    match = AUDIT_HEAD.fullmatch(key)
    if match is None:
        return None
    try:
        occurred_at = datetime.strptime(match["time"], AUDIT_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return ChainHead(int(match["position"]), match["hash"], occurred_at)
