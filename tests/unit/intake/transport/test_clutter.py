"""What lies beside images on a medium or in a folder is counted; everything else keeps its verdict."""

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from idh_tasks.intake.transport.clutter import without_clutter
from tests.archives import Named
from tests.deliveries import spooled
from tests.factories import dicom_bytes, instance

IMAGE = dicom_bytes(instance())


def media_directory() -> bytes:
    ds = Dataset()
    ds.FileSetID, ds.file_meta = "CD", FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dicom_bytes(ds)


def kept(files: list[Named]) -> list[str]:
    return [file.name for file in without_clutter(spooled(files))[0]]


@pytest.mark.parametrize(
    "name",
    ["AUTORUN.INF", "viewer/weasis.exe", "README.TXT", "readme", "__MACOSX/a/._1.dcm", "a/._1.dcm", ".DS_Store",
     "a/Thumbs.db", "a\\Thumbs.db", "__MACOSX\\a\\1.dcm", "index.html", "jre/bin/java.dll", "desktop.ini", "LICENSE"],
)  # fmt: skip
def test_files_of_a_viewer_or_an_operating_system_are_counted(name: str) -> None:
    files, clutter = without_clutter(spooled([("1.dcm", IMAGE), (name, b"x")]))
    assert ([file.name for file in files], clutter) == (["1.dcm"], 1)


@pytest.mark.parametrize("name", ["AUTORUN.INF", "README", "__MACOSX/1.dcm", "DICOMDIR", "a.exe"])
def test_an_image_is_one_whatever_it_is_called(name: str) -> None:
    assert kept([(name, IMAGE)]) == [name]


@pytest.mark.parametrize("name", ["report.pdf", "IM0001", "1.dcm", "notes.txt", "a.xml", "scan.7z"])
def test_what_is_neither_known_nor_dicom_keeps_its_verdict(name: str) -> None:
    assert kept([(name, b"x")]) == [name]


def test_the_directory_of_a_medium_is_known_by_its_content() -> None:
    assert kept([("DICOMDIR", media_directory()), ("index", media_directory()), ("IM1", IMAGE)]) == ["IM1"]


def test_on_a_medium_a_name_with_a_dot_is_none_of_an_image() -> None:
    files = [("DICOMDIR", media_directory()), ("viewer/help.pdf", b"x"), ("viewer/data.xml", b"x"), ("IM1", IMAGE),
             ("IM2", b"cut"), ("IM3.DCM", b"cut")]  # fmt: skip
    assert kept(files) == ["IM1", "IM2", "IM3.DCM"]


def test_the_separator_of_windows_does_not_hide_a_name() -> None:
    [file] = spooled([("CASE1\\ROI.nii.gz", b"x")])
    assert file.last_name == "roi.nii.gz"
