"""Knows the files beside the images: of an operating system, of a viewer, of the directory of a medium."""

from collections.abc import Sequence

from idh_tasks.intake.transport.delivered import DeliveredFile

MEDIA_DIRECTORY = b"UI\x14\x001.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, as its file meta information states it (PS3.3 F)."""
SYSTEM = ("autorun.inf", ".ds_store", "thumbs.db", "desktop.ini", "dicomdir")
SYSTEM_FOLDER = "__macosx"
TEXTS = ("readme", "license", "licence")
PROGRAMS = (
    ".exe", ".dll", ".ocx", ".inf", ".ini", ".ico", ".chm", ".hlp", ".jar", ".bat", ".cmd", ".msi", ".cab",
    ".manifest", ".so", ".dylib", ".class", ".plist", ".htm", ".html", ".css", ".js",
)  # fmt: skip
IMAGES = (".dcm", ".dicom", ".ima")


def without_clutter(files: Sequence[DeliveredFile]) -> tuple[list[DeliveredFile], int]:
    """Return the files that are none, and the number of those that are."""
    medium = any(map(_is_media_directory, files))
    kept = [file for file in files if not _is_clutter(file, medium=medium)]
    return kept, len(files) - len(kept)


def _is_clutter(file: DeliveredFile, *, medium: bool) -> bool:
    """Return whether a file is known to be none of the images, by its content where that is DICOM."""
    if file.is_dicom:
        return _is_media_directory(file)
    if file.refusal is not None:
        return False
    return _is_named_like_clutter(file) or (medium and _is_beside_a_file_set(file.last_name))


def _is_named_like_clutter(file: DeliveredFile) -> bool:
    name, folders = file.last_name, file.folders
    return name in SYSTEM or name.startswith(("._", *TEXTS)) or name.endswith(PROGRAMS) or SYSTEM_FOLDER in folders[:-1]


def _is_beside_a_file_set(name: str) -> bool:
    """Return whether a name cannot be that of an image on a medium: those have no dot (PS3.10 8.2)."""
    return "." in name and not name.endswith(IMAGES)


def _is_media_directory(file: DeliveredFile) -> bool:
    return file.is_dicom and MEDIA_DIRECTORY in file.content.head
