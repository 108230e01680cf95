"""The run folder: every step's result is a file there, made once and then read.

A step is kept with a fingerprint of its inputs and of the code that makes it. As long as both are the same it is read
from its files, by any notebook; otherwise it is made and written. So the notebooks of one report share one set of
numbers, none trains again, and an analyst may open any notebook first: what it needs of another notebook is read as
that one left it, or made as that one would make it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import cached_property
from html import escape
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from influx.billing.costs import home_rates
from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.fingerprint import code_of, fingerprint, fingerprint_of_files
from influx.core.frames import Frames
from influx.core.paths import PROJECT
from influx.core.schema import HOUSEHOLD
from influx.core.tabular_io import write_csv
from influx.core.tariff import Rates
from influx.home.home import Home, load
from influx.home.source_files import SETTINGS
from influx.report import artifacts
from influx.report.inputs import check_data, check_horizon

WORKBENCH = Path("reports") / "workbench"
"""Where the steps of an interactive notebook go."""

HOME_FRAMES = ("readings", "rejected", "reconciliation", "corrections", "series", "devices")
"""Frames of the home that are written as CSV, too."""


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
    >>> scores = run.keep("metrics", influx.backtest, run.home(), folds=8)  # doctest: +SKIP
    """

    def __init__(self, data: str | Path = "data/sample", as_of: str = "", horizon: int = WEEK, output: str | Path = ""):
        self.data: Path | None = check_data(data)
        self.as_of, self.horizon = str(as_of or ""), check_horizon(horizon)
        self.folder = Path(output).absolute() if str(output) else PROJECT / WORKBENCH
        inputs = {"data": fingerprint_of_files(files_of_home(self.data)), "as_of": self.as_of, "horizon": str(horizon)}
        if artifacts.manifest(self.folder, "inputs") != inputs:  # its steps were made of other files or another time
            shutil.rmtree(self.folder / "steps", ignore_errors=True)
            artifacts.write_manifest(self.folder, "inputs", inputs)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open a finished run folder as it is, without its data; a step that it lacks is an InputError."""
        parameters = artifacts.manifest(folder, "inputs")
        if not parameters:
            raise InputError(f"{folder}: this is no run folder. `make report` makes one.")
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
        """
        if self.data is None:
            return artifacts.read(self.folder, step)
        bound = signature(make).bind(*inputs, **options)
        bound.apply_defaults()
        code = code_of(make)
        key = fingerprint(code, dict(bound.arguments))
        if artifacts.manifest(self.folder, step).get("key") != key:
            began = time.monotonic()
            result = make(*inputs, **options)
            seconds = round(time.monotonic() - began, 3)
            artifacts.write(self.folder, step, result, {"key": key, "code": code, "seconds": seconds})
        return artifacts.read(self.folder, step)

    def has(self, step: str) -> bool:
        """Tell whether a step (home, explore, metrics, selection, forecast, bill, insights ...) was made."""
        return bool(artifacts.manifest(self.folder, step))

    def home(self) -> Home:
        """Return the home as it was read."""
        return self._home

    def explore(self) -> Frames:
        """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences`."""
        return self._default("explore", "explore", self.home)

    def features(self) -> Frames:
        """Return `features`, an hour ahead for each device, and `relations` of each with the energy."""
        return self._default("features", "features", self.home, horizon=self.horizon)

    def scores(self) -> Any:
        """Return the `metrics` of the models with their past forecasts (`influx.backtest`)."""
        from influx.forecasting.models import named_models

        return self._default("metrics", "backtest", self.home, named_models, horizon=self.horizon, extra={})

    def selection(self) -> Any:
        """Return the model of each device (`influx.select`)."""
        return self._default("selection", "select", self.scores)

    def calibration(self) -> Frames:
        """Return `calibration`, `calibration_home` and `days_ahead` of the selected models on past weeks."""
        return self._default("calibration", "calibration", self.scores, self.selection)

    def reference(self) -> Frames:
        """Return `reference`, how gradient boosting does, and `importance`, what it looks at."""
        return self._default("reference", "reference", self.home, horizon=self.horizon)

    def forecast(self) -> pd.DataFrame:
        """Return the `forecast` of the coming hours (`influx.forecast`)."""
        return self._default(
            "forecast", "forecast", self.home, self.selection, horizon=self.horizon, quantiles=[0.1, 0.5, 0.9], extra={}
        )

    def sums(self) -> Frames:
        """Return `daily`, `week`, `next_day` and `peaks` of the coming hours."""
        return self._default("sums", "sums", self.home, self.forecast, self.selection)

    def bill(self) -> Frames:
        """Return what the hours cost and emit, as far as it is known (`influx.bill`)."""
        return self._default("bill", "bill", self.home, self.forecast)

    def plan(self) -> Frames:
        """Return when the flexible devices should run (`influx.plan`)."""
        return self._default("plan", "plan", self.home, self.forecast)

    def insights(self) -> Frames:
        """Return `overview`, `efficiency` and `recommendations`."""
        return self._default("insights", "insights", self.home, self.forecast, self.plan)

    def review(self) -> Frames:
        """Return how past forecasts turned out, and what has changed (`influx.review`)."""
        return self._default("review", "review", self.home, self.selection, lambda: self.reports)

    @property
    def reports(self) -> Path:
        """The folder that holds the weeks of earlier reports, if there are any."""
        parents = self.folder.parents
        return next((folder for folder in parents[:2] if any(folder.glob("*-W*/forecast.parquet"))), parents[0])

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
        selected = self.selection().set_index("device_id")["model"]
        if device_id not in selected:
            raise InputError(f"device: there is no {device_id!r}; forecast are {', '.join(selected.index)}.")
        return str(selected[device_id])

    def _repr_html_(self) -> str:
        steps = sorted(path.stem for path in self.folder.glob("steps/*.json") if path.stem != "inputs")
        return f"<p>Run folder <code>{escape(self.folder.name)}</code>: {', '.join(steps) or 'nothing made yet'}.</p>"

    @cached_property
    def _home(self) -> Home:
        manifest = artifacts.manifest(self.folder, "home")
        if manifest and (self.data is None or manifest["code"] == code_of(load)):
            return Home.open(self.folder)
        if self.data is None:
            raise InputError(f"{self.folder}: the home was never read here. `make report` makes a whole run folder.")
        began = time.monotonic()
        home = load(self.data, self.as_of or None)
        home.save(self.folder)
        for name in HOME_FRAMES:
            write_csv(getattr(home, name), self.folder / f"{name}.csv")
        artifacts.write_manifest(self.folder, "home", {"code": code_of(load), "seconds": time.monotonic() - began})
        return home

    def _default(self, step: str, function: str, *inputs: Callable[[], Any], **options: Any) -> Any:
        """Return a step as it was last left here, or made of `inputs` as the weekly report makes it."""
        if self.data is None:
            return artifacts.read(self.folder, step)
        from influx.report import steps

        make = getattr(steps, function)
        if artifacts.manifest(self.folder, step).get("code") == code_of(make):
            return artifacts.read(self.folder, step)
        return self.keep(step, make, *(take() for take in inputs), **options)


def files_of_home(data: Path) -> list[Path]:
    """Return the files of a home, oldest first as the newest one wins; a home.yaml beside a single file counts too."""
    files = [data, data.with_name(SETTINGS)] if data.is_file() else list(data.iterdir())
    return sorted((file for file in files if file.is_file()), key=lambda file: (file.stat().st_mtime_ns, file.name))
