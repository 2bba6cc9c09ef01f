"""Whole headers as scanners write them pass: faults in private groups cost the element, not the image."""

import struct

import pytest

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from tests.factories import instance
from tests.files import Tag, item, raw, with_elements

NAME = b"Quendolin Marker"
SPACING, INSTANCE_NUMBER, ECHO_TIME = (0x0028, 0x0030), (0x0020, 0x0013), (0x0018, 0x0081)


def float32(number: float) -> bytes:
    return struct.pack("<f", number)


Block = tuple[int, str, tuple[tuple[int, bytes, bytes], ...]]
SCANNERS: dict[str, tuple[Block, ...]] = {
    "GE": (
        (0x0009, "GEMS_IDEN_01", ((0x01, b"LO", b"GE_GENESIS_FF"), (0xE3, b"UI", NAME), (0xE6, b"SH", b"29"))),
        (0x0019, "GEMS_ACQU_01", ((0x0F, b"DS", b"NaN"), (0x12, b"SS", b"\1\0"), (0xBB, b"DS", b"0.5"),
                                  (0xBC, b"DS", b"0"), (0xBD, b"DS", b"1.#QNAN"), (0xE2, b"DS", NAME))),
        (0x0021, "GEMS_RELA_01", ((0x05, b"SH", b"x"), (0x35, b"SS", b"\2\0"), (0x91, b"IS", NAME))),
        (0x0025, "GEMS_SERS_01", ((0x07, b"SL", b"\4\0\0\0"), (0x14, b"IS", b"****"), (0x1A, b"LO", NAME))),
        (0x0043, "GEMS_PARM_01", ((0x2C, b"SS", b"\0\0"), (0x39, b"IS", b"1000\\8\\0\\0"), (0x8A, b"CS", b"ROW"),
                                  (0x98, b"UI", NAME), (0xB6, b"LO", NAME))),
    ),
    "PHILIPS": (
        (0x2001, "Philips Imaging DD 001", (
            (0x03, b"FL", float32(1000)), (0x0A, b"IS", NAME), (0x22, b"FL", float32(float("nan"))),
            (0x5F, b"SQ", item(raw(INSTANCE_NUMBER, b"IS", b"****"), raw(SPACING, b"DS", NAME))),
        )),
        (0x2005, "Philips MR Imaging DD 001", (
            (0x0E, b"FL", float32(0.5)), (0x20, b"SL", b"\1\0\0\0"), (0xA8, b"UN", NAME),
            (0xB0, b"FL", float32(1)), (0xB1, b"FL", float32(0)), (0xB2, b"FL", float32(0)),
        )),
        (0x2005, "Philips MR Imaging DD 005", (
            (0x02, b"SQ", item(raw(ECHO_TIME, b"DS", b"NaN"))),
            (0x0F, b"SQ", item(raw((0x0008, 0x0018), b"UI", NAME))),
        )),
    ),
}  # fmt: skip
"""Private groups as the scanners of two manufacturers write them, with the faults that were reported of them."""


def scanner_file(vendor: str) -> bytes:
    elements: list[tuple[Tag, bytes]] = []
    blocks: dict[int, int] = {}
    for group, creator, values in SCANNERS[vendor]:
        block = blocks[group] = blocks.get(group, 0x0F) + 1
        elements.append(((group, block), raw((group, block), b"LO", creator.encode())))
        for offset, vr, value in values:
            tag = (group, block << 8 | offset)
            elements.append((tag, raw(tag, vr, value)))
    return with_elements(instance(Manufacturer=vendor), elements)


@pytest.mark.parametrize("vendor", SCANNERS)
def test_the_private_groups_of_a_scanner_pass_and_its_b_value_stays(vendor: str) -> None:
    admitted = admit(scanner_file(vendor))

    assert {warning.code for warning in admitted.warnings} == {"W_VR_INVALID"}
    clean = deidentify(admitted.ds, PatientKey("p"), Pseudonymiser("s" * 32))
    assert clean.DiffusionBValue == 1000
    assert not any(word in encode_file(clean).lower() for word in (NAME.lower(), b"nan", b"****", b"genesis"))
