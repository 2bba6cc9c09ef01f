"""Names what cannot be read of a resource; the text contains nothing of its content."""


class ResourceRefusedError(ValueError):
    """A resource, and every report that needs it, is refused; the others are read.

    Parameters
    ----------
    column
        Our name of the column that would have been read from it.
    reason
        Why, without any value of the resource.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
