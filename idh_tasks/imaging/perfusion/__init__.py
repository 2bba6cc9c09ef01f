"""Perfusion: relative blood volume from a DSC series; arrays in, maps and figures out."""

from idh_tasks.imaging.perfusion.first_pass import MIN_BASELINE
from idh_tasks.imaging.perfusion.normalisation import normalise_rcbv
from idh_tasks.imaging.perfusion.rcbv import Perfusion, compute_rcbv, perfusion_flags

__all__ = ["MIN_BASELINE", "Perfusion", "compute_rcbv", "normalise_rcbv", "perfusion_flags"]
