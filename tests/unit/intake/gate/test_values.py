"""What cannot be a number or a UID is dropped, unless an image or outline cannot be read without it.

The text is in no message, no warning and no output.
"""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, SegmentationStorage

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from tests.factories import instance
from tests.files import Tag, item, raw, with_elements, with_raw

NAME = b"Quendolin Marker"
NO_NUMBERS = (
    NAME,
    b"NaN",
    b"-nan(ind)",
    b"1.#QNAN",
    b"1.#IND",
    b"iNF",
    b"-Infinity",
    b"1e999",
    b"72,5",
    b"****",
    b"1.9.7",
)
CREATOR, PRIVATE = ((0x0009, 0x0010), raw((0x0009, 0x0010), b"LO", b"ACME 1.0")), (0x0009, 0x1001)
WEIGHT, SAR, WINDOW, SERIES_NUMBER = (0x0010, 0x1030), (0x0018, 0x1316), (0x0028, 0x1050), (0x0020, 0x0011)
SPACING, RESCALE, INSTANCE_NUMBER, ECHO_TIME = (0x0028, 0x0030), (0x0028, 0x1053), (0x0020, 0x0013), (0x0018, 0x0081)
FRAME_OF_REFERENCE, REFERENCED = (0x0020, 0x0052), (0x0008, 0x1155)


def outputs(content: bytes) -> bytes:
    """Return a file as it is stored."""
    return encode_file(deidentify(admit(content).ds, PatientKey("p"), Pseudonymiser("s" * 32)))


def dropped(content: bytes, text: bytes) -> set[str]:
    """Return the codes of the warnings of a file that is accepted without a text."""
    given = admit(content).warnings
    assert text not in outputs(content)
    assert all(text.decode() not in warning.reason for warning in given)
    return {warning.code for warning in given}


def refused(content: bytes, text: bytes, tag: Tag) -> str:
    with pytest.raises(InstanceRejectedError) as caught:
        admit(content)
    assert text.decode() not in str(caught.value)
    assert f"({tag[0]:04x},{tag[1]:04x})" in caught.value.reason.lower()
    return caught.value.code


def nested(sequence: Tag, *elements: bytes) -> tuple[Tag, bytes]:
    return sequence, raw(sequence, b"SQ", item(*elements))


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("tag", [WEIGHT, SAR, WINDOW])
def test_d21_what_is_no_number_is_dropped_where_nothing_needs_it(tag: Tag, text: bytes) -> None:
    assert dropped(with_raw(instance(), tag, b"DS", text), text) == {"W_VR_INVALID"}


@pytest.mark.parametrize("vr", [b"DS", b"IS", b"UI", b"DA", b"TM", b"DT", b"AS"])
def test_d21_text_in_a_private_element_is_dropped(vr: bytes) -> None:
    content = with_elements(instance(), [CREATOR, (PRIVATE, raw(PRIVATE, vr, NAME))])

    assert dropped(content, NAME) == {"W_VR_INVALID"}
    assert PRIVATE not in admit(content).ds


def test_d21_text_in_a_private_element_without_a_creator_is_dropped() -> None:
    assert dropped(with_raw(instance(), PRIVATE, b"DS", NAME), NAME) == {"W_VR_INVALID"}


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize(
    ("tag", "vr"), [(SPACING, b"DS"), (RESCALE, b"DS"), (INSTANCE_NUMBER, b"IS"), (ECHO_TIME, b"DS")]
)
def test_d21_what_is_no_number_decides_where_imaging_needs_it(tag: Tag, vr: bytes, text: bytes) -> None:
    assert refused(with_raw(instance(), tag, vr, text), text, tag) == "E_VR_INVALID"


@pytest.mark.parametrize(("vr", "value"), [(b"LO", NAME), (b"FD", NAME), (b"FD", bytes(16)), (b"DS", b"1000\\0")])
def test_d21_a_b_value_that_cannot_be_read_decides(vr: bytes, value: bytes) -> None:
    """Without it, the image would be taken for one at b = 0."""
    assert refused(with_raw(instance(), (0x0018, 0x9087), vr, value), NAME, (0x0018, 0x9087)) == "E_VR_INVALID"


def test_d21_text_in_a_uid_that_tells_where_an_image_lies_decides() -> None:
    assert refused(with_raw(instance(), FRAME_OF_REFERENCE, b"UI", NAME), NAME, FRAME_OF_REFERENCE) == "E_VR_INVALID"


def test_d21_an_image_is_read_without_its_references_but_not_an_outline() -> None:
    referring = [nested((0x0008, 0x1140), raw(REFERENCED, b"UI", NAME))]

    assert dropped(with_elements(instance(), referring), NAME) == {"W_VR_INVALID"}

    for sop_class in (SegmentationStorage, RTStructureSetStorage):
        content = with_elements(instance(SOPClassUID=sop_class), referring)
        assert refused(content, NAME, REFERENCED) == "E_VR_INVALID"


@pytest.mark.parametrize("sequence", [(0x5200, 0x9229), (0x5200, 0x9230)], ids=["shared", "per frame"])
def test_d21_functional_groups_are_needed(sequence: Tag) -> None:
    measures = (0x0028, 0x9110)
    content = with_elements(
        instance(), [nested(sequence, nested(measures, raw(SPACING, b"DS", NAME))[1])]
    )  # fmt: skip

    assert refused(content, NAME, SPACING) == "E_VR_INVALID"


@pytest.mark.parametrize(
    "sequence", [(0x0400, 0x0561), (0x2005, 0x140F), (0x2005, 0x1402)], ids=["earlier values", "private", "private 2"]
)
def test_d21_what_a_sequence_says_that_is_not_read_is_not_needed(sequence: Tag) -> None:
    content = with_elements(
        instance(), [nested(sequence, raw(SPACING, b"DS", NAME), raw((0x0020, 0x0013), b"IS", b"****"))]
    )

    assert dropped(content, NAME) == {"W_VR_INVALID"}


def test_d21_text_in_a_file_without_stated_vrs_is_dropped() -> None:
    ds = instance()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    assert dropped(with_raw(ds, WEIGHT, b"DS", NAME), NAME) == {"W_VR_INVALID"}
    assert refused(with_raw(ds, SPACING, b"DS", NAME), NAME, SPACING) == "E_VR_INVALID"


@pytest.mark.parametrize("vr", [b"UN", b"LO", b"ST", b"UT", b"OB"])
def test_d21_the_dictionary_counts_where_the_file_states_another_vr(vr: bytes) -> None:
    assert dropped(with_raw(instance(), SAR, vr, NAME), NAME) == {"W_VR_INVALID"}
    assert refused(with_raw(instance(), SPACING, vr, NAME), NAME, SPACING) == "E_VR_INVALID"


def test_d21_text_in_the_place_of_a_binary_number_is_dropped() -> None:
    padding, echo = (0x0028, 0x0120), (0x0018, 0x9082)

    assert dropped(with_raw(instance(), padding, b"LO", NAME), NAME) == {"W_VR_INVALID"}
    assert dropped(with_raw(instance(), echo, b"SH", NAME), NAME) == {"W_VR_INVALID"}


@pytest.mark.parametrize(
    ("tag", "vr"), [((0x0008, 0x0031), b"TM"), ((0x0008, 0x002A), b"DT"), ((0x0008, 0x0021), b"DA")]
)
@pytest.mark.parametrize("text", [NAME, b"20180304" + NAME, b"101010 " + NAME])
def test_d21_text_in_the_place_of_a_time_is_dropped(tag: Tag, vr: bytes, text: bytes) -> None:
    assert dropped(with_raw(instance(), tag, vr, text), NAME) == {"W_VR_INVALID"}


@pytest.mark.parametrize(("tag", "vr", "text"), [
    ((0x0008, 0x0031), b"TM", b"101010.123456"), ((0x0008, 0x0032), b"TM", b"10:10:10"),
    ((0x0008, 0x0031), b"TM", b"1010"), ((0x0008, 0x002A), b"DT", b"20180304101010.5+0100"),
    (WEIGHT, b"DS", b"0.1234567890123456789"), (WEIGHT, b"DS", b" 72.5 "), (WEIGHT, b"DS", b""),
    (WEIGHT, b"DS", b"7.25e+1"), (WINDOW, b"DS", b"1\\2.5\\ 3"),
    (SERIES_NUMBER, b"IS", b"5.00"), (SERIES_NUMBER, b"IS", b"+5 "), (SERIES_NUMBER, b"IS", b"  "),
    (INSTANCE_NUMBER, b"IS", b"12.0"),
    (REFERENCED, b"UI", b"1.2.3 "), (REFERENCED, b"UI", b"1.2.3\0"), (REFERENCED, b"UI", b""),
])  # fmt: skip
def test_d22_valid_values_in_unusual_forms_stay(tag: Tag, vr: bytes, text: bytes) -> None:
    content = with_raw(instance(), tag, vr, text)

    admitted = admit(content)

    assert admitted.warnings == ()
    assert tag in admitted.ds
    assert outputs(content)


@pytest.mark.parametrize("text", [b"1.5", b"1e3", b"12-5", b"9" * 20])
def test_d22_an_integer_that_is_none_decides_where_it_is_needed(text: bytes) -> None:
    assert dropped(with_raw(instance(), SERIES_NUMBER, b"IS", text), b"\n" + text) == {"W_VR_INVALID"}
    assert refused(with_raw(instance(), INSTANCE_NUMBER, b"IS", text), text, INSTANCE_NUMBER) == "E_VR_INVALID"


@pytest.mark.parametrize("text", [b"2\\1", b"2\\2", b"2\\"])
@pytest.mark.parametrize(
    ("tag", "vr"),
    [(RESCALE, b"DS"), ((0x0028, 0x1052), b"DS"), ((0x0018, 0x0050), b"DS"), (INSTANCE_NUMBER, b"IS")],
    ids=["slope", "intercept", "thickness", "number"],
)
def test_d22_several_numbers_are_refused_where_an_image_is_another_one_without(
    tag: Tag, vr: bytes, text: bytes
) -> None:
    assert refused(with_raw(instance(), tag, vr, text), text, tag) == "E_VR_INVALID"


def test_d22_an_echo_time_that_is_one_of_several_is_dropped() -> None:
    content = with_raw(instance(), ECHO_TIME, b"DS", b"30\\100")

    assert {warning.code for warning in admit(content).warnings} == {"W_VR_INVALID"}
    assert "EchoTime" not in admit(content).ds


def test_d22_the_distance_of_slices_is_needed_of_a_mosaic_only() -> None:
    distance = (0x0018, 0x0088)
    mosaic = instance(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])

    assert dropped(with_raw(instance(), distance, b"DS", b"1.#QNAN"), b"QNAN") == {"W_VR_INVALID"}
    assert refused(with_raw(mosaic, distance, b"DS", b"1.#QNAN"), b"QNAN", distance) == "E_VR_INVALID"


def test_d22_an_object_that_is_skipped_is_not_held_for_its_values() -> None:
    with pytest.raises(InstanceRejectedError) as caught:
        admit(with_raw(instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"), SPACING, b"DS", NAME))
    assert caught.value.code == "W_SKIPPED_SOP"


@pytest.mark.parametrize("vr", [b"UN", b"DS", b"FD"])
def test_what_is_not_finite_in_a_safe_private_element_is_not_kept(vr: bytes) -> None:
    creator, gradient = (0x0019, 0x0010), (0x0019, 0x10BB)
    value = struct.pack("<d", float("nan")) if vr == b"FD" else b"NaN "
    content = with_elements(
        instance(), [(creator, raw(creator, b"LO", b"GEMS_ACQU_01")), (gradient, raw(gradient, vr, value))]
    )

    assert b"nan" not in encode_file(deidentify(admit(content).ds, PatientKey("p"), Pseudonymiser("s" * 32))).lower()


def put_plain(tag: Tag, vr: bytes, text: bytes) -> bytes:
    return with_raw(instance(), tag, vr, text)


def put_nested(tag: Tag, vr: bytes, text: bytes) -> bytes:
    return with_elements(instance(), [nested((0x0008, 0x1140), raw(tag, vr, text))])


def put_privately(tag: Tag, vr: bytes, text: bytes) -> bytes:
    return with_elements(instance(), [CREATOR, (PRIVATE, raw(PRIVATE, vr, text))])


words = st.text("ABCdefXYZ^*,#_ ", min_size=6, max_size=16).filter(lambda text: len(text.strip(" eE")) > 5)


@given(
    text=words.map(str.encode),
    place=st.sampled_from(
        [(WEIGHT, b"DS"), (SERIES_NUMBER, b"IS"), (REFERENCED, b"UI"), (SPACING, b"DS"), (SAR, b"LO")]
    ),
    put=st.sampled_from([put_plain, put_nested, put_privately]),
)
def test_no_text_comes_back(text: bytes, place: tuple[Tag, bytes], put: Callable[[Tag, bytes, bytes], bytes]) -> None:
    content = put(*place, text)
    if (put, place[0]) == (put_plain, SPACING):
        assert refused(content, text.strip(), SPACING) == "E_VR_INVALID"
        return
    admitted = admit(content)
    assert place[1] == b"LO" or {warning.code for warning in admitted.warnings} == {"W_VR_INVALID"}
    clean = deidentify(admitted.ds, PatientKey("p"), Pseudonymiser("s" * 32))
    assert text.strip() not in encode_file(clean)


def test_d21_the_same_bytes_are_judged_by_where_they_stand() -> None:
    """What was found valid is remembered by its bytes; a needed element must not pass as one that is not needed."""
    unneeded = with_elements(instance(), [nested((0x0400, 0x0561), raw(SPACING, b"DS", NAME))])
    needed = with_raw(instance(), SPACING, b"DS", NAME)

    for _ in range(2):
        assert dropped(unneeded, NAME) == {"W_VR_INVALID"}
        assert refused(needed, NAME, SPACING) == "E_VR_INVALID"


def test_d21_dropping_leaves_the_rest_of_an_item() -> None:
    content = with_elements(
        instance(),
        [nested((0x0040, 0x0275), raw((0x0018, 0x0060), b"DS", NAME), raw((0x0040, 0x0007), b"LO", b"MR head"))],
    )

    (request,) = admit(content).ds.RequestAttributesSequence

    assert isinstance(request, Dataset)
    assert request.ScheduledProcedureStepDescription == "MR head"
    assert "KVP" not in request
