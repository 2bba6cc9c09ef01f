"""Reported series come out as the reports say is right, as received and de-identified."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.domain.study import PatientKey
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.naming.series import NamedSeries, name_series
from idh_tasks.offline.study_folder import read_instances

pytestmark = pytest.mark.real_data

Read = Callable[[str], list[Dataset]]


@pytest.fixture
def received(real_data: Path) -> Read:
    """Return a function that reads a reported series as it was received."""
    folder = real_data.parent / "reported" / "dicom"
    if not folder.exists():
        pytest.skip(f"no reported series at {folder}")
    return lambda name: read_instances(folder / name)


@pytest.fixture(params=["as received", "de-identified"])
def read(request: pytest.FixtureRequest, received: Read) -> Read:
    """Return a function that reads a reported series as it was received, or as it is stored."""
    if request.param == "as received":
        return received
    pseudonymiser = Pseudonymiser("k" * 32)
    return lambda name: [deidentify(ds, PatientKey("p"), pseudonymiser) for ds in received(name)]


def by_sequence(instances: list[Dataset]) -> dict[str, NamedSeries]:
    return {one.identification.sequence.value: one for one in name_series(instances)}


@pytest.mark.parametrize("name", ["d_adc_with_b", "d_b0_missing", "d_philips_un_nocreator", "d_jitter"])
def test_the_adc_is_900(name: str, read: Read) -> None:
    adc = fit_adc(assemble_over_b(read(name))).voxels
    assert np.abs(adc[adc > 0] - 900).max() < 5


def test_the_adc_map_inside_the_diffusion_series_is_a_vendor_map(read: Read) -> None:
    named = by_sequence(read("d_adc_with_b"))
    assert {sequence: len(one.instances) for sequence, one in named.items()} == {"DWI": 32, "ADC": 16}
    assert assemble_volume(named["ADC"].instances).voxels.max() == 900
    assert assemble_over_b(named["DWI"].instances).steps == (0.0, 1000.0)


def test_the_order_of_time_is_found_without_instance_numbers(received: Read) -> None:
    plain, *others = (assemble_over_time(received(name)) for name in ("p_plain", "p_inst_per_volume", "p_inst_missing"))
    assert plain.steps == pytest.approx([1.5 * t for t in range(40)])
    assert all(np.array_equal(other.voxels, plain.voxels) for other in others)
    mean = plain.voxels.mean(axis=(1, 2, 3))
    assert np.ptp(mean[:8]) < 0.02 * mean[0] < mean[0] - mean.min()


def test_a_bright_first_volume_stays_first(received: Read) -> None:
    mean = assemble_over_time(received("p_lead1")).voxels.mean(axis=(1, 2, 3))
    assert int(np.argmax(mean)) == 0


def test_proton_density_and_t2_are_told_apart(read: Read) -> None:
    labels = {one.label: one.identification.sequence.value for one in name_series(read("v_dualecho_t2first"))}
    assert labels == {"TE 15": "OTHER", "TE 100": "T2"}


def test_the_t2_is_found_and_its_localizer_is_apart(read: Read) -> None:
    named = by_sequence(read("c_loc_in_t2"))
    assert {sequence: (len(one.instances), one.fault) for sequence, one in named.items()} == {
        "T2": (8, None), "OTHER": (1, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"),
    [("c_rgb", "E_PHOTOMETRIC"), ("rgb_cbv_map", "E_PHOTOMETRIC"), ("v_shear", "E_GEOMETRY_SHEAR")],
)
def test_colour_maps_and_sheared_stacks_are_refused(name: str, code: str, read: Read) -> None:
    [one] = name_series(read(name))
    assert (one.fault.code if one.fault else None) == code
    assert one.identification.sequence not in ("RCBV", "ADC")
