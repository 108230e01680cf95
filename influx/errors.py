"""The one error that a user can mend: it says what is wrong, where, and what to do."""

from __future__ import annotations


class InputError(ValueError):
    """Something that was handed to InFlux (a file, a setting, a parameter) cannot be used as it is."""
