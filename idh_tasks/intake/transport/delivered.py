"""One file of a delivery. Names only describe: several files may have the same."""

from dataclasses import dataclass

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.transport.spool import SpooledFile


@dataclass(frozen=True, repr=False, slots=True)
class DeliveredFile:
    """A file with the name under which it came; `refusal` states why it was not opened, if it was an archive."""

    name: str
    content: SpooledFile
    refusal: InstanceRejectedError | None = None

    @property
    def is_dicom(self) -> bool:
        """Return whether the file has the prefix of a DICOM file (PS3.10 7.1)."""
        return self.content.head[128:132] == b"DICM"

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the names of folders and archives around the file, and its own, in lower case.

        Some programs of Windows write ZIPs with its separator.
        """
        return tuple(self.name.lower().replace("!", "/").replace("\\", "/").split("/"))

    @property
    def last_name(self) -> str:
        """Return the name without folders and archives, in lower case."""
        return self.folders[-1]
