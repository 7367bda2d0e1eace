"""What is wrong with a condition, and where in its text."""

from dagster_project.errors import HoivaError


class ConditionError(HoivaError):
    """A condition is refused. ``position`` counts characters of its text from 1; 0 means the condition as a whole.

    >>> str(ConditionError("text is compared with a number", 14))
    'character 14: text is compared with a number'
    """

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(f"character {position}: {reason}" if position else reason)
        self.reason = reason
        self.position = position
