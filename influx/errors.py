"""The one error that a user can mend: it says what is wrong, where, and what to do."""

from __future__ import annotations

from influx.outside import message


class InputError(ValueError):
    """Something that was handed to InFlux (a file, a setting, a parameter) cannot be used as it is.

    What it says is one line that is safe to print: the names and cells that it quotes come from outside.
    """

    def __init__(self, said: object) -> None:
        super().__init__(message(said))
