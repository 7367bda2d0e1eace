"""Errors that a person can act on: one sentence that says what is wrong and what to do."""


class HoivaError(Exception):
    """Something a person can mend. The message is one line: what is wrong, and what to do.

    It never carries a value from a customer's row: messages reach logs.
    """


class AtWorkError(HoivaError):
    """Another process holds what this one needs: nothing is wrong, and it goes on when that one has ended."""


class SettingsError(HoivaError):
    """A setting is unknown, missing or wrong. Names the key and the fix."""


class Refused(HoivaError):
    """A delivery was refused as a whole. Nothing of it was loaded; the reason code says why."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
