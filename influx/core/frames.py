"""The result of a step: frames by name, which a notebook shows in a few lines."""

from __future__ import annotations

from html import escape

import pandas as pd

_ROWS, _COLUMNS = 3, 8
"""Of each frame, what a notebook shows."""


class Frames(dict[str, pd.DataFrame]):
    """Frames by name, each also an attribute.

    Examples
    --------
    >>> found = Frames(bill=pd.DataFrame({"line": ["total"], "amount": [12.5]}))
    >>> float(found.bill["amount"].sum())
    12.5
    """

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in self:
            raise AttributeError(f"there is no frame {name!r}, but {', '.join(self) or 'none at all'}")
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __or__(self, other: dict[str, pd.DataFrame]) -> Frames:  # type: ignore[override]
        return Frames({**self, **other})

    def _repr_html_(self) -> str:
        parts = [
            f"<p><b>{escape(name)}</b>: {len(frame)} rows, {len(frame.columns)} columns</p>"
            f"{frame.iloc[:_ROWS, :_COLUMNS].to_html(index=False)}"
            for name, frame in self.items()
        ]
        return "".join(parts) or "<p>Nothing is known.</p>"
