"""The mapping file: which view and columns of the laboratory's database correspond to ours."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import ReportColumn
from idh_tasks.errors import RunRefusedError


class LaboratoryMapping(BaseModel):
    """The laboratory's names for our view and columns; a column that is not listed has our name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: str = "idh_results"
    columns: dict[ReportColumn, str] = {}
    changed: str | None = None
    """The laboratory's column with the time of a row's last change; with it, only new rows are read."""

    def column_of(self, name: ReportColumn) -> str:
        """Return the laboratory's name for a column of ours."""
        return self.columns.get(name, name)


def read_mapping(path: Path | None) -> LaboratoryMapping:
    """Read a mapping file (TOML); without one, the laboratory uses our names.

    Raises
    ------
    RunRefusedError
        ``E_SETTINGS`` if the file cannot be read, is not valid, or names an unknown column.
    """
    if path is None:
        return LaboratoryMapping()
    try:
        return LaboratoryMapping.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError):
        raise RunRefusedError(Code.E_SETTINGS, f"the mapping file {path.name} is not readable or not valid") from None
