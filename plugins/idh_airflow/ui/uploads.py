"""The file of a form, read in memory: it may name a patient, and so is never written to the disk of the server."""

import re

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

MOST_BYTES = 20_000_000
"""Of the only form with a file, an outline."""
UPLOAD = re.compile(r"/studies/[0-9a-f]{24}/outline")
FIELD = "outline"


class _InMemory(MultiPartParser):
    """Starlette's parser, which writes files from 1 MB on to the disk."""

    spool_max_size = MOST_BYTES


async def uploaded_file(request: Request) -> bytes:
    """Return the file of a form.

    Raises
    ------
    HTTPException
        422 if the form has no file or is none.
    """
    try:
        form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=0).parse()
    except (MultiPartException, FormParserError, KeyError):  # the last without a content type
        raise HTTPException(422, "this is not a form with one file") from None
    file = form.get(FIELD)
    if not isinstance(file, UploadFile):
        raise HTTPException(422, "choose a file with the corrected outline")
    return await file.read()
