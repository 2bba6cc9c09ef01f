"""Publishes the results of preprocessing one study to the object store, and returns the rows to record."""

from dataclasses import asdict, dataclass

from idh_tasks.db.patches import DrawnSheet, DrawnViews, PatchRecord
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.db.series_names import DoubtfulSeries
from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.domain.volume import Geometry
from idh_tasks.errors import IdhError, OutlineAwaitsReviewError
from idh_tasks.imaging.files import mask_bytes
from idh_tasks.pipelines.preprocess.cut_patches import CutPatch, StudyPatches
from idh_tasks.pipelines.preprocess.study_views import StudyViews
from idh_tasks.pipelines.preprocess.tumour_outline import OutlineProposal, TumourOutline
from idh_tasks.reporting.outline_figure import outline_picture
from idh_tasks.store import keys
from idh_tasks.store.arrays import array_bytes
from idh_tasks.store.objects import ObjectStore


def record_without_patch(study: StoredStudy, sequence: MrSequence, version: str, error: IdhError) -> PatchRecord:
    """Return the record of a sequence that has no patch, with the reason."""
    return PatchRecord(
        patch_id=_patch_id(study, sequence, version),
        study_id=study.study_id,
        revision=study.revision,
        sequence=sequence,
        settings_hash=version,
        code=error.code,
        reason=error.reason,
    )


def _patch_id(study: StoredStudy, sequence: MrSequence, version: str) -> str:
    return keys.digest(study.study_id, study.content_hash, sequence, version)


@dataclass(frozen=True)
class Publisher:
    """Publishes the results of one study, made with one version of code and settings."""

    store: ObjectStore
    study: StoredStudy
    version: str

    def records(self, patches: StudyPatches) -> list[PatchRecord]:
        """Publish the patches of the study; return the record of every sequence."""
        published = [self._patch(sequence, cut) for sequence, cut in patches.cut.items()]
        return published + [
            record_without_patch(self.study, sequence, self.version, error)
            for sequence, error in patches.refused.items()
        ]

    def _patch(self, sequence: MrSequence, cut: CutPatch) -> PatchRecord:
        patch_id = _patch_id(self.study, sequence, self.version)
        key = keys.patch(self.study.study_id, patch_id, sequence)
        box = cut.rectangle
        return PatchRecord(
            patch_id=patch_id,
            study_id=self.study.study_id,
            revision=self.study.revision,
            sequence=sequence,
            settings_hash=self.version,
            provenance=cut.provenance,
            object_key=key,
            sha256=self.store.put(key, array_bytes(cut.patch)),
            overlap=cut.overlap,
            slice_index=box.slice_index,
            rectangle=(box.top, box.bottom, box.left, box.right),
            roi_mean=cut.roi_mean,
            quality=cut.quality,
            origin=cut.origin,
        )

    def sheet(self, picture: bytes) -> DrawnSheet:
        """Publish a quality sheet (PNG) and return its record."""
        key = keys.qc_sheet(self.study.study_id, f"{self.study.content_hash}-{self.version}")
        self.store.put(key, picture)
        return DrawnSheet(self.study.study_id, self.study.revision, self.version, key)

    def views(self, views: StudyViews) -> DrawnViews:
        """Publish the pictures of the study's slices and return their record."""
        version = f"{self.study.content_hash}-{self.version}"
        placed = {name: keys.slices(self.study.study_id, name, version) for name in views.pictures}
        for name, key in placed.items():
            self.store.put(key, views.pictures[name])
        layout = asdict(views.layout)
        return DrawnViews(self.study.study_id, self.study.revision, self.version, layout, placed)

    def doubtful(self, series: SeriesRecord, picture: bytes | None) -> DoubtfulSeries:
        """Publish the picture (PNG) of a series whose name is not sure, and return what a reviewer is asked about."""
        one, key = series.identification, keys.series_images(self.study.study_id, series.series_id, series.sha256)
        detail: dict[str, object] = {
            "study": self.study.study_id,
            "concluded": one.sequence.value,
            "confidence": one.confidence.value,
            "evidence": one.evidence,
            "images": series.instances,
        }
        if picture is not None:
            self.store.put(key, picture)
            detail["picture"] = key
        return DoubtfulSeries(
            series.series_id, keys.digest(one.sequence, one.confidence, one.evidence, series.sha256), detail
        )

    def outline(self, proposal: OutlineProposal) -> ProposedOutline:
        """Publish the picture of a proposed outline and return what a reviewer is asked about."""
        key = keys.outline(self.study.study_id, proposal.sha256)
        self.store.put(key, outline_picture(proposal.mask, proposal.shown_on))
        doubts = "; ".join(proposal.doubts) or "none"
        drawn_on = proposal.submitted_on
        origin = f"submitted by a person, drawn on the {drawn_on}" if drawn_on else None
        return ProposedOutline(self.study.study_id, proposal.sha256, proposal.volume_ml, key, doubts, origin)

    def outline_mask(self, outline: TumourOutline, grid: Geometry) -> None:
        """Publish the outline that is used or awaits review, so that a person can correct it."""
        try:
            mask = outline.mask
        except OutlineAwaitsReviewError:
            mask = outline.proposal.mask
        self.store.put(keys.outline_mask(self.study.study_id, outline.sha256), mask_bytes(mask, grid))
