"""Energy below zero: a meter that counts the other way, a flow that goes both ways, or a fault."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.settings import Role, Settings
from influx.importers.reading.table import Table

_SEEN = 20
_BACK: dict[Role, Role] = {
    "grid_import": "grid_export",
    "grid_export": "grid_import",
    "battery_in": "battery_out",
    "battery_out": "battery_in",
}
"""Of a flow that goes both ways, what it is below zero."""


def turn(raw: Table, roles: dict[str, Role], settings: Settings, column: str = "") -> None:
    """Give energy below zero its meaning: a meter that counts the other way, or two flows in one series.

    A flow that goes both ways becomes two series, each with all of its rows: where one flows, the other is zero. So the
    hours of both are known, and the account counts a row for each. What has no meaning is rejected as negative, at
    its `column`, or that of its series.
    """
    if not (raw.rows["energy_kwh"].to_numpy(float) < 0).any():
        return
    parts = []
    for name, rows in raw.rows.groupby("device_id", observed=True, sort=False):
        said = settings.devices.get(str(name))
        role = said.role if said is not None and said.role is not None else roles.get(str(name))
        parts += _turned(raw, str(name), rows.astype({"device_id": "str"}), role, roles)
    raw.rows = pd.concat(parts).sort_index(kind="stable")
    raw.rows["device_id"] = pd.Categorical(raw.rows["device_id"])
    kwh = raw.rows["energy_kwh"].to_numpy(float)
    where = column or raw.rows["device_id"].astype("str").to_numpy()
    raw.reject(kwh < 0, where, "negative", raw.rows["energy_kwh"])


def _turned(raw: Table, name: str, rows: pd.DataFrame, role: Role | None, roles: dict[str, Role]) -> list[pd.DataFrame]:
    """Return the rows of one series as one or two, and note what was turned."""
    kwh = rows["energy_kwh"].to_numpy(float)
    below, above = kwh < 0, kwh > 0
    outweighed = role == "solar" and -kwh[below].sum() > kwh[above].sum()
    fed_in = role == "grid_export" and not above.any()  # by those who write it below zero
    if below.sum() > max(99 * above.sum(), _SEEN) or outweighed or fed_in:
        raw.notes.append(f"{raw.file}: {name} counts below zero; its sign is turned.")
        kwh, below = 0.0 - kwh, above
    if role == "solar" and below.any():
        raw.notes.append(
            f"{raw.file}: {name} is below zero in {below.sum()} readings, which count as zero "
            f"({-kwh[below].sum():.3g} kWh that the inverter used itself)."
        )
        kwh = np.where(below, 0.0, kwh)
    if role not in _BACK or not below.any():
        return [rows.assign(energy_kwh=kwh)]
    back = f"{name} back"
    roles |= {name: role, back: _BACK[role]}
    raw.rows_read += len(rows)
    raw.notes.append(f"{raw.file}: {name} flows both ways; what is below zero is {back}.")
    two = (np.maximum(kwh, 0.0), np.maximum(-kwh, 0.0))  # NaN stays NaN in both
    return [rows.assign(energy_kwh=kwh, device_id=own) for own, kwh in zip((name, back), two, strict=True)]
