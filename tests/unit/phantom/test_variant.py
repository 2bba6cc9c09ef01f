"""A variant of the phantom is what its name says, and the usual phantom is not changed by it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.phantom.anatomy import Anatomy
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_properties
from idh_tasks.phantom.tissue import TUMOUR, Tissue
from idh_tasks.phantom.variant import STANDARD, VARIANTS

BY_NAME = {variant.name: variant for variant in VARIANTS}


def plan(name: str) -> PatientPlan:
    return PatientPlan(4, 9, IdhStatus.WILDTYPE, None, None, 0.0, 0.0, BY_NAME[name])


@cache
def anatomy(name: str) -> Anatomy:
    return draw_anatomy(plan(name))


def tumour_ml(name: str) -> float:
    drawn = anatomy(name)
    return float(np.isin(drawn.labels, TUMOUR).sum() * np.prod(drawn.geometry.spacing_mm) / 1000)


def share(name: str, tissue: Tissue) -> float:
    tumour = np.isin(anatomy(name).labels, TUMOUR)
    return float((anatomy(name).labels == tissue).sum() / tumour.sum())


def test_a_plan_without_a_variant_is_the_usual_phantom() -> None:
    usual = PatientPlan(4, 9, IdhStatus.WILDTYPE, None, None, 0.0, 0.0)
    assert usual == plan("standard")
    assert usual.variant is STANDARD


def test_sizes_of_tumours_are_in_order() -> None:
    assert tumour_ml("small tumour") < 15 < tumour_ml("standard") < 120 < tumour_ml("large tumour")


def test_a_multifocal_tumour_has_several_parts() -> None:
    _, parts = ndimage.label(np.isin(anatomy("multifocal").labels, (Tissue.RIM, Tissue.NECROSIS)))
    assert parts > 1


def test_a_cyst_fills_most_of_its_tumour_and_its_water_relaxes_slowly() -> None:
    assert share("cystic", Tissue.NECROSIS) > 0.3 > share("standard", Tissue.NECROSIS)
    cyst = draw_properties(plan("cystic")).properties()[Tissue.NECROSIS]
    assert cyst.t1 > 3000


def test_a_tumour_that_does_not_enhance_has_no_rim() -> None:
    assert share("non-enhancing", Tissue.OEDEMA) == 1


@pytest.mark.parametrize(("name", "near"), [("at the surface", Tissue.SKULL), ("at the ventricle", Tissue.CSF)])
def test_a_tumour_lies_where_the_variant_says(name: str, near: Tissue) -> None:
    labels = anatomy(name).labels
    # Only the fluid of the ventricles lies deep in the head.
    deep = ndimage.distance_transform_edt(labels >= Tissue.CSF) > 12
    neighbours = (labels <= near) if near is Tissue.SKULL else (labels == near) & deep
    to_tumour = ndimage.distance_transform_edt(~np.isin(labels, TUMOUR))
    assert to_tumour[neighbours].min() * 1.5 < 7


def test_an_old_head_has_more_fluid_and_a_young_one_less() -> None:
    fluid = {name: (anatomy(name).labels == Tissue.CSF).sum() for name in ("old head", "standard", "young head")}
    assert fluid["old head"] > 1.1 * fluid["standard"] > 1.1 * fluid["young head"]


def test_the_size_of_a_head_changes_its_grid_only() -> None:
    small = anatomy("small head")
    assert np.array_equal(small.labels, anatomy("standard").labels)
    assert small.geometry.spacing_mm == pytest.approx(np.multiply(1.5, BY_NAME["small head"].size))
    assert np.abs(small.geometry.centre()).max() < 1e-9


def test_a_protocol_of_thick_slices_has_a_t1_after_contrast_and_no_mprage() -> None:
    recipes = {recipe.sequence: recipe for recipe in plan("thick slices").recipes()}
    assert MrSequence.MPRAGE not in recipes
    assert recipes[MrSequence.T1C].timing.contrast
    assert {recipes[s].spacing_mm[2] for s in (MrSequence.T1, MrSequence.T1C, MrSequence.T2, MrSequence.FLAIR)} == {5.0}


def test_a_wide_field_of_view_has_larger_pixels_and_equal_slices() -> None:
    usual, wide = plan("standard").recipes(), plan("wide field of view").recipes()
    for one, other in zip(usual, wide, strict=True):
        assert other == replace(one, spacing_mm=other.spacing_mm)
        assert other.spacing_mm == pytest.approx(np.multiply(one.spacing_mm, (1.25, 1.25, 1.0)))
