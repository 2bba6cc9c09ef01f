"""Feed: stores new reports and merges from the laboratory's view and from the files of laboratory and registry."""

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, RunRefusedError
from idh_tasks.pipelines.link.feed_files import load_files
from idh_tasks.pipelines.link.laboratory_view import load_view
from idh_tasks.pipelines.platform import Platform


def load_reports(platform: Platform) -> int:
    """Store the reports and merges that are not known yet; return how many report versions were new.

    Raises
    ------
    RunRefusedError
        ``E_FEED_DROP`` if the view has suddenly lost most of its rows, ``E_SCHEMA`` if a column has changed,
        ``E_FEED`` if a file was held. Everything that could be read was stored before.
    TransientError
        If the laboratory's database or ours is unreachable; no file and no reading is stored in part.
    """
    new, view_error = 0, None
    try:
        new = load_view(platform)
    except IdhError as error:  # the files are read in any case
        view_error = error
    files = load_files(platform)
    if view_error is not None:
        raise view_error
    if held := sorted({file.code for file in files if file.code}):
        count = sum(file.code is not None for file in files)
        what = f"{count} files of the laboratory or the registry are held or were not fetched"
        raise RunRefusedError(Code.E_FEED, f"{what}: {', '.join(held)}")
    return new + sum(file.new for file in files)
