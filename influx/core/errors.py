"""The one error that a user can mend: it says what is wrong, where, and what to do."""

from __future__ import annotations

from influx.core.sanitize import message


class InputError(ValueError):
    """Something that was handed to InFlux (a file, a setting, a parameter) cannot be used as it is.

    Its text is one line that is safe to print: the names and cells that it quotes come from outside.
    """

    def __init__(self, problem: object) -> None:
        super().__init__(message(problem))


class NoElectricityError(InputError):
    """A file of a home that tells of gas or water alone: beside others it is left aside, by itself it is an error."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(f"{file}: this is {what}, not electricity. Move the file out of the home's folder.")
        self.what = what
