"""Variants of a synthetic patient: the form of the tumour, size and age of the head, field of view and protocol."""

from dataclasses import dataclass

Bounds = tuple[float, float]


@dataclass(frozen=True)
class TumourForm:
    """Within which bounds a tumour is drawn; the defaults are those of a glioblastoma in the white matter.

    Attributes
    ----------
    beside_mm, behind_mm, above_mm
        Distance of the centre from the midline, and behind and above the middle of the brain.
    radius_mm
        Radius of the solid part.
    reach
        Reach of the oedema relative to the radius.
    necrotic
        Reach of the necrosis or cyst relative to the radius.
    margin
        Distance of the solid part from the surface of the brain, in voxels.
    foci
        Number of tumours.
    enhancing
        Whether the solid part takes up contrast agent; otherwise it looks like the oedema.
    """

    beside_mm: Bounds = (26, 38)
    behind_mm: Bounds = (-38, 42)
    above_mm: Bounds = (2, 28)
    radius_mm: Bounds = (15, 23)
    reach: Bounds = (1.45, 1.85)
    necrotic: Bounds = (0.5, 0.66)
    margin: int = 4
    foci: int = 1
    enhancing: bool = True


@dataclass(frozen=True)
class Variant:
    """One kind of patient and examination.

    Attributes
    ----------
    size
        Size of the head relative to the usual one along x, y and z.
    ventricles, sulci
        Width of the ventricles and sulci relative to the usual one; both grow with age.
    subarachnoid_mm
        Thickness of the fluid between brain and skull; it grows with age too.
    field_of_view
        Field of view in the plane of the slices relative to the usual one.
    thick_slices
        Whether the protocol consists of 2D series with slices of 5 mm, and has a T1 after contrast, but no MPRAGE.
    t1_factor
        If stated, the T1 of the tumour relative to its usual value; that of a cyst is close to that of water.
    """

    name: str
    tumour: TumourForm = TumourForm()
    size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ventricles: float = 1.0
    sulci: float = 1.0
    subarachnoid_mm: float = 1.6
    field_of_view: float = 1.0
    thick_slices: bool = False
    t1_factor: float | None = None


STANDARD = Variant("standard")
CYST = TumourForm(necrotic=(0.82, 0.9), reach=(1.1, 1.25))
VARIANTS = (
    STANDARD,
    Variant("multifocal", TumourForm(foci=3, radius_mm=(8, 13))),
    Variant("cystic", CYST, t1_factor=1.35),
    Variant("non-enhancing", TumourForm(enhancing=False, necrotic=(0.0, 0.0))),
    Variant("at the ventricle", TumourForm(beside_mm=(15, 21), behind_mm=(-12, 18), above_mm=(10, 20))),
    Variant("at the surface", TumourForm(beside_mm=(44, 52), behind_mm=(-20, 30), above_mm=(5, 25), margin=1)),
    Variant("small tumour", TumourForm(radius_mm=(7, 9))),
    Variant("large tumour", TumourForm(radius_mm=(27, 32))),
    Variant("small head", size=(0.89, 0.88, 0.9)),
    Variant("large head", size=(1.07, 1.09, 1.06)),
    Variant("old head", ventricles=1.45, sulci=1.9, subarachnoid_mm=2.2),
    Variant("young head", ventricles=0.75, sulci=0.7, subarachnoid_mm=1.0),
    Variant("tight field of view", field_of_view=0.93),
    Variant("wide field of view", field_of_view=1.25),
    Variant("thick slices", thick_slices=True),
    Variant(
        "thick slices, old and large head",
        size=(1.06, 1.07, 1.05),
        ventricles=1.4,
        sulci=1.7,
        subarachnoid_mm=2.0,
        thick_slices=True,
    ),
    Variant("thick slices, small and multifocal", TumourForm(foci=2, radius_mm=(7, 10)), thick_slices=True),
)
"""The variants by which the imaging stage is measured; the protocols of the vendors are used in turn."""
