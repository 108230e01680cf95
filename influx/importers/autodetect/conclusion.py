"""What was concluded of a table, with its reason in words; and what cannot be, which the reader has to decide."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, eq=False)
class Conclusion:
    """Something that follows from the data, and why."""

    why: tuple[str, ...] = field(default=(), kw_only=True)

    def because(self, reason: str, **changes: Any) -> Self:
        """Return the same with something changed, and why."""
        return replace(self, **changes, why=(*self.why, reason))


class AmbiguityError(Exception):
    """Two readings are possible; `lines` are the keys of home.yaml of which one must be given."""

    def __init__(self, text: str, *lines: str) -> None:
        super().__init__(text)
        self.lines = lines

    def of_file(self, file: str) -> str:
        """Return what is not clear about a file, and the lines that decide it."""
        return (
            f"{file}: {self}. Decide it in home.yaml: under `files:`, in a line `{file}:`, write one of these below "
            f"it: {' or '.join(self.lines)}"
        )
