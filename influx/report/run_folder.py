"""The run folder: every step's result is a file there, made once and then read.

A step is kept with a fingerprint of its inputs and of the code that makes it. As long as both are the same it is read
from its files, by any notebook; otherwise it is made and written. So the notebooks of one report share one set of
numbers, none trains again, and an analyst may open any notebook first. A step's manifest in `steps/` is written last:
what has none is not there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from influx.billing.costs import home_rates
from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.fingerprint import code_of, fingerprint, fingerprint_of_files
from influx.core.paths import PROJECT, find
from influx.core.schema import HOUSEHOLD
from influx.core.tabular_io import write_csv
from influx.core.tariff import Rates
from influx.home.home import Home, load
from influx.report.artifacts import files_of_home, write_json

WORKBENCH = Path("reports") / "workbench"
"""Where the steps of an interactive notebook go."""

LARGEST_CSV = 400_000
"""Rows above which a frame is kept as Parquet alone."""

HOME_FRAMES = ("readings", "rejected", "reconciliation", "corrections", "series", "devices")
"""Frames of the home that are written as CSV, too."""

Frames = dict[str, pd.DataFrame]


class Run:
    """One run: a home, a moment, a horizon, and the folder that holds what was computed.

    Parameters
    ----------
    data : str or Path
        A home's folder, or one file.
    as_of : str
        Only data before it is used; empty takes all there is.
    horizon : int
        Hours to forecast.
    output : str or Path
        The run folder; empty is `reports/workbench`. What it holds of other data is replaced.

    Raises
    ------
    InputError
        The data does not exist, or the horizon is out of range.

    Examples
    --------
    >>> run = Run("data/sample")  # doctest: +SKIP
    >>> scores = run.keep("scores", influx.backtest, run.home(), folds=8)  # doctest: +SKIP
    """

    def __init__(self, data: str | Path = "data/sample", as_of: str = "", horizon: int = WEEK, output: str | Path = ""):
        self.data: Path | None = find(data)
        if not self.data.exists():
            raise InputError(f"data: there is no {data}. Name a home's folder or a file of readings or events.")
        if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= 2 * WEEK:
            raise InputError(f"horizon: {horizon!r} cannot be used; give 1 to {2 * WEEK} whole hours.")
        self.as_of, self.horizon = str(as_of or ""), horizon
        self.folder = Path(output).absolute() if str(output) else PROJECT / WORKBENCH
        self._forget_other_inputs(self.data)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open a finished run folder as it is, without its data; a step that it lacks is an InputError.

        Raises
        ------
        InputError
            The folder is no run folder.
        """
        inputs = folder / "steps" / "inputs.json"
        if not inputs.exists():
            raise InputError(f"{folder}: this is no run folder. `make report` makes one.")
        parameters = json.loads(inputs.read_text(encoding="utf-8"))
        run = cls.__new__(cls)
        run.data, run.folder = None, folder
        run.as_of, run.horizon = parameters["as_of"], int(parameters["horizon"])
        return run

    def keep(self, step: str, make: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        """Return `make(*inputs, **options)`, read from the folder where it was made of the same inputs and code.

        Parameters
        ----------
        step : str
            The name of the step; a single frame is kept under this name, several under their own.
        make : callable
            Returns a DataFrame or a mapping of names to DataFrames.
        *inputs, **options
            Whatever `influx.core.fingerprint.fingerprint` knows.

        Raises
        ------
        InputError
            The run folder was opened without its data, and the step was never made.
        """
        manifest = self._manifest(step)
        if self.data is None:
            return self._read(step)
        key = fingerprint(code_of(make), inputs, options)
        if manifest.exists() and _note(manifest).get("key") == key:
            return self._read(step)
        manifest.unlink(missing_ok=True)
        began = time.monotonic()
        result = make(*inputs, **options)
        frames = result if isinstance(result, Mapping) else {step: result}
        for name, frame in frames.items():
            self._write(name, frame.reset_index(drop=True))
        note = {"key": key, "frames": list(frames), "single": not isinstance(result, Mapping)}
        write_json(manifest, note | {"seconds": round(time.monotonic() - began, 3)})
        return self._read(step)

    def has(self, step: str) -> bool:
        """Tell whether a step (home, explore, features, training, forecast, bill, insights ...) was made."""
        return self._manifest(step).exists()

    def home(self) -> Home:
        """Return the home as it was read."""
        return self._home

    def explore(self) -> Frames:
        """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences`."""
        return self._step("explore", "explored")

    def features(self) -> Frames:
        """Return `features`, an hour ahead for each device, and `relations` of each of the 24 with the energy."""
        return self._step("features", "features", horizon=True)

    def training(self) -> Frames:
        """Return `metrics`, `selection`, `past_forecasts`, `calibration`, `calibration_overall`, `days_ahead`,
        `reference` and `importance`."""
        return self._step("training", "training", horizon=True)

    def forecast(self) -> Frames:
        """Return `forecast`, `daily`, `week`, `next_day` and `peaks`."""
        return self._step("forecast", "forecast", lambda: (self._selection(),), horizon=True)

    def bill(self) -> Frames:
        """Return what the hours cost and emit, as far as it is known: the frames of `influx.bill`."""
        return self._step("bill", "bill", lambda: (self._hours(),))

    def plan(self) -> Frames:
        """Return `plan`, `plan_runs`, `plan_devices` ..., and `warmer`, the week some degrees warmer or colder."""
        return self._step("plan", "plan", lambda: (self._hours(),))

    def insights(self) -> Frames:
        """Return `overview`, `efficiency` and `recommendations`."""
        return self._step("insights", "insights", lambda: (self._hours(), self.plan()))

    def review(self) -> Frames:
        """Return `review_totals`, `drift`, `weekly_errors` and the frames `review_*` (`forecast_review.review`)."""
        parents = self.folder.parents
        reports = next((folder for folder in parents[:2] if any(folder.glob("*-W*/forecast.parquet"))), parents[0])
        return self._step("review", "review", lambda: (self._selection(), reports))

    def rates(self) -> Rates | None:
        """Return the prices that hold in the home, None where they are not known."""
        return home_rates(self._home)

    def prices(self, hours: int) -> np.ndarray | None:
        """Return the price of each of the first `hours` coming hours [currency/kWh], None where it is not known."""
        known = self.rates()
        return None if known is None else known.at(pd.date_range(self._home.origin, periods=hours, freq="h"))[0]

    def cost(self) -> float:
        """Return what the household's coming hours are expected to cost [currency], NaN where prices are not known."""
        week = self.bill().get("cost_week")
        return float("nan") if week is None else float(week.loc[week["device_id"] == HOUSEHOLD, "total"].iloc[0])

    def model(self, device_id: str) -> str:
        """Return the name of the model that forecasts a device."""
        selected = self._selection().set_index("device_id")["model"]
        if device_id not in selected:
            raise InputError(f"device: there is no {device_id!r}; forecast are {', '.join(selected.index)}.")
        return str(selected[device_id])

    def _repr_html_(self) -> str:
        steps = sorted(path.stem for path in self.folder.glob("steps/*.json") if path.stem != "inputs")
        return f"<p>Run folder <code>{escape(self.folder.name)}</code>: {', '.join(steps) or 'nothing made yet'}.</p>"

    @cached_property
    def _home(self) -> Home:
        manifest = self._manifest("home")
        if manifest.exists() and (self.data is None or _note(manifest).get("code") == code_of(load)):
            return Home.open(self.folder)
        if self.data is None:
            raise InputError(f"{self.folder}: the home was never read here. `make report` makes a whole run folder.")
        began = time.monotonic()
        home = load(self.data, self.as_of or None)
        home.save(self.folder)
        for name in HOME_FRAMES:
            write_csv(getattr(home, name), self.folder / f"{name}.csv")
        write_json(manifest, {"code": code_of(load), "seconds": round(time.monotonic() - began, 3)})
        return home

    def _hours(self) -> pd.DataFrame:
        return self.forecast()["forecast"]

    def _selection(self) -> pd.DataFrame:
        return self.training()["selection"]

    def _step(
        self, step: str, function: str, inputs: Callable[[], tuple[Any, ...]] = tuple, horizon: bool = False
    ) -> Frames:
        """Return a step of the weekly run, made with the home, `inputs` and perhaps the horizon."""
        if self.data is None:
            return self._read(step)
        from influx.report import steps

        options = {"horizon": self.horizon} if horizon else {}
        return self.keep(step, getattr(steps, function), self._home, *inputs(), **options)

    def _read(self, step: str) -> Any:
        manifest = self._manifest(step)
        if not manifest.exists():
            raise InputError(f"{self.folder}: the step {step} was never made here. `make report` makes all steps.")
        note = _note(manifest)
        frames = {name: pd.read_parquet(self.folder / f"{name}.parquet") for name in note["frames"]}
        return frames[step] if note["single"] else frames

    def _write(self, name: str, frame: pd.DataFrame) -> None:
        frame.to_parquet(self.folder / f"{name}.parquet", index=False)
        if len(frame) <= LARGEST_CSV and name != "features":
            write_csv(frame, self.folder / f"{name}.csv")

    def _manifest(self, step: str) -> Path:
        return self.folder / "steps" / f"{step}.json"

    def _forget_other_inputs(self, data: Path) -> None:
        """Make the folder this run's own: forget steps that were made of other files or another as-of time."""
        wanted = {"data": fingerprint_of_files(files_of_home(data)), "as_of": self.as_of, "horizon": str(self.horizon)}
        inputs = self._manifest("inputs")
        if inputs.exists() and _note(inputs) == wanted:
            return
        shutil.rmtree(self.folder / "steps", ignore_errors=True)
        (self.folder / "steps").mkdir(parents=True)
        write_json(inputs, wanted)


def _note(manifest: Path) -> dict[str, Any]:
    return json.loads(manifest.read_text(encoding="utf-8"))
