"""The run folder: every step's result is a file there, made once and then read.

A step that was made for the same data, parameters and code is read from its files; otherwise it is made and written.
So the notebooks of one report share one set of numbers, none re-reads raw files or trains again, and an analyst may
open any notebook first. A step's manifest in `steps/` is written last: what has none is not there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from influx.billing import cost_forecast
from influx.core.errors import InputError
from influx.core.parallel import run_all
from influx.core.paths import PROJECT, find
from influx.core.schema import HOUSEHOLD
from influx.core.tabular_io import write_csv
from influx.core.tariff import Rates, rates
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, series_of_home
from influx.forecasting.evaluation.backtest import LEVELS
from influx.forecasting.evaluation.calibration import days_ahead, of_chosen, promises
from influx.forecasting.evaluation.model_selection import references, train
from influx.forecasting.features import WEEK, every_hour, every_week, feature_table, relation
from influx.forecasting.forecast import alive, predict_all
from influx.forecasting.models import Model
from influx.home.home import Home, load
from influx.insights import explore, overview, recommendations
from influx.insights.anomalies import unusual_hours
from influx.insights.forecast_review import review
from influx.report.artifacts import code_of, files_of_home, fingerprint, keep_models, open_models, write_json
from influx.scheduling import home_plan, temperature_scenarios

WORKBENCH = Path("reports") / "workbench"
"""Where the steps of an interactive notebook go."""

LARGEST_CSV = 400_000
"""Rows above which a frame is kept as Parquet alone."""

Frames = dict[str, pd.DataFrame]


class Run:
    """One run: a home, a moment, a horizon, and the folder that holds what was found.

    Parameters
    ----------
    data : str or Path
        A home's folder, or one file.
    as_of : str
        Only data before it is used; empty takes all there is.
    horizon : int
        Hours to forecast.
    output : str or Path
        The run folder; empty is `reports/workbench`. What it holds of other data, parameters or code is replaced.

    Raises
    ------
    InputError
        The data does not exist, or the horizon is out of range.
    """

    def __init__(self, data: str | Path = "data/sample", as_of: str = "", horizon: int = WEEK, output: str | Path = ""):
        self.data: Path | None = find(data)
        if not self.data.exists():
            raise InputError(f"data: there is no {data}. Name a home's folder or a file of readings or events.")
        if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= 2 * WEEK:
            raise InputError(f"horizon: {horizon!r} cannot be used; give 1 to {2 * WEEK} whole hours.")
        self.as_of, self.horizon = str(as_of or ""), horizon
        self.folder = Path(output).absolute() if str(output) else PROJECT / WORKBENCH
        self._settle(self.data)

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
        kept = json.loads(inputs.read_text(encoding="utf-8"))
        run = cls.__new__(cls)
        run.data, run.as_of, run.horizon, run.folder = None, kept["as_of"], int(kept["horizon"]), folder
        return run

    def has(self, step: str) -> bool:
        """Tell whether a step (home, explore, features, training, forecast, bill, insights) was made."""
        return self._manifest(step).exists()

    def home(self) -> Home:
        """Return the home as it was read."""
        return self._home

    def rates(self) -> Rates | None:
        """Return the prices that hold in the home, None where they are not known."""
        return rates(self._home.settings, self._home.context, self._home.prices)

    def prices(self, hours: int) -> np.ndarray | None:
        """Return the price of each of the first `hours` coming hours [currency/kWh], None where it is not known."""
        known = self.rates()
        return None if known is None else known.at(pd.date_range(self._home.origin, periods=hours, freq="h"))[0]

    def cost(self) -> float:
        """Return what the household's coming hours are expected to cost [currency], NaN where prices are not known."""
        week = self.forecast().get("cost_week")
        return float("nan") if week is None else float(week.loc[week["device_id"] == HOUSEHOLD, "total"].iloc[0])

    def model(self, device_id: str) -> str:
        """Return the name of the model that forecasts a device."""
        choice = self.training()["choice"].set_index("device_id")["model"]
        if device_id not in choice:
            raise InputError(f"device: there is no {device_id!r}; forecast are {', '.join(choice.index)}.")
        return str(choice[device_id])

    def explore(self) -> Frames:
        """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences`."""
        home = self._home
        return self._step(
            "explore",
            lambda: {
                "completeness": explore.completeness(home),
                "profile": explore.profile(home),
                "daily_use": explore.daily(home),
                "breakdown": explore.breakdown(home),
                "drivers": explore.drivers(home),
                "unusual": unusual_hours(self._alive),
                "absences": self._alive[0].absences.table(home.origin),
            },
        )

    def features(self) -> Frames:
        """Return `features`, an hour ahead for each device, and `relations` of each of the 24 with the energy."""
        return self._step("features", self._make_features)

    def training(self) -> Frames:
        """Return `metrics`, `choice`, `past_forecasts`, `promises`, `together`, `days_ahead`, `reference` and
        `importance`; the models lie in `models/`."""
        return self._step("training", self._make_training)

    def forecast(self) -> Frames:
        """Return `forecast`, `daily`, `week`, `peaks`, and `cost_daily`, `carbon_week` ... as far as known."""
        return self._step("forecast", self._make_forecast)

    def bill(self) -> Frames:
        """Return `bill`, `bill_days`, `bill_months`, `spent` and `spent_week`, those that are known."""
        return self._step("bill", self._make_bill)

    def plan(self) -> Frames:
        """Return `plan`, `plan_runs`, `plan_devices` ..., and `warmer`, the week some degrees warmer or colder."""
        return self._step("plan", self._make_plan)

    def insights(self) -> Frames:
        """Return `overview`, `efficiency` and `recommendations`."""
        return self._step("insights", self._make_insights)

    def review(self) -> Frames:
        """Return `said_and_was`, `drift`, `weekly_errors` and the frames `review_*` (`forecast_review.review`)."""
        return self._step("review", self._make_review)

    @cached_property
    def _home(self) -> Home:
        manifest = self._manifest("home")
        if manifest.exists():
            return Home.open(self.folder)
        if self.data is None:
            raise InputError(f"{self.folder}: the home was never read here. `make report` makes a whole run folder.")
        began = time.monotonic()
        home = load(self.data, self.as_of or None)
        home.save(self.folder)
        for name in ("readings", "rejected", "account", "corrections", "series", "devices"):
            write_csv(getattr(home, name), self.folder / f"{name}.csv")
        self._done("home", [], began)
        return home

    @cached_property
    def _alive(self) -> list[Series]:
        """The devices that were measured in the last four weeks."""
        return alive(series_of_home(self._home), self._home.origin)

    def _make_features(self) -> Frames:
        origin, horizon = self._home.origin, self.horizon

        def one(series: Series) -> tuple[pd.DataFrame, pd.DataFrame]:
            history = series.before(origin)
            hours = every_hour(history)[1:]
            near = feature_table(history, series.around, hours, 1).drop(columns="origin")
            weeks = every_week(history, origin, horizon)
            far = feature_table(history, series.around, weeks, horizon) if len(weeks) else near.iloc[:0]
            known = relation(near, far, weather_forecast=series.around.weather is not None)
            return near.assign(device_id=series.device_id), known.assign(device_id=series.device_id)

        parts = run_all(one, self._alive)
        return {"features": pd.concat([part[0] for part in parts]), "relations": pd.concat([part[1] for part in parts])}

    def _make_training(self) -> Frames:
        every, origin = self._alive, self._home.origin
        trained = train(every, origin, horizon=self.horizon)
        scores, importance = references(every, origin, self.horizon)
        keep_models(self.folder / "models", trained.models)
        chosen = of_chosen(trained.forecasts, trained.choice)
        return {
            "metrics": trained.metrics,
            "choice": trained.choice,
            "past_forecasts": trained.forecasts,
            "promises": promises(chosen),
            "together": promises(chosen, ["home_id"]),
            "days_ahead": days_ahead(trained.forecasts, trained.choice),
            "reference": scores,
            "importance": importance,
        }

    def _make_forecast(self) -> Frames:
        every, origin, home = self._alive, self._home.origin, self._home
        choice, models = self.training()["choice"], self._models
        hours = predict_all(every, models, choice, origin, self.horizon, LEVELS)
        daily, week = totals(hours, every, origin, models=models)
        soon = hours[hours["timestamp"] < origin + pd.Timedelta(days=1)]
        return {
            "forecast": hours,
            "daily": daily,
            "week": week,
            "next_day": totals(soon, every, origin, models=models)[1],
            "peaks": overview.peaks(hours, home.settings.timezone),
            **cost_forecast.ahead(home, hours, every, models),
        }

    def _make_bill(self) -> Frames:
        hours, home = self.forecast()["forecast"], self._home
        return cost_forecast.spent(home) | cost_forecast.bills(home, hours, self._alive, self._models)

    @cached_property
    def _models(self) -> dict[tuple[str, str], Model]:
        return open_models(self.folder / "models", self.training()["choice"], self._home.settings.learner or "")

    def _make_plan(self) -> Frames:
        every, origin, choice = self._alive, self._home.origin, self.training()["choice"]
        hours = self.forecast()["forecast"]
        planned = home_plan.frames(self._home, every, hours, self.rates())
        return planned | temperature_scenarios.by_degrees(hours, every, self._models, choice, origin)

    def _make_insights(self) -> Frames:
        hours, home = self.forecast()["forecast"], self._home
        return {
            "overview": overview.overview(self._alive, home.origin),
            "efficiency": overview.efficiency(home),
            "recommendations": recommendations.recommendations(
                home, hours, explore.standby(home), self.rates(), self.plan()
            ),
        }

    def _make_review(self) -> Frames:
        parents = self.folder.parents
        reports = next((folder for folder in parents[:2] if any(folder.glob("*-W*/forecast.parquet"))), parents[0])
        return review(self._alive, self.training()["choice"], self._home.origin, reports)

    def _step(self, name: str, make: Callable[[], Frames]) -> Frames:
        """Return a step's frames, from its files where it was made, else made and written."""
        manifest = self._manifest(name)
        if manifest.exists():
            kept = json.loads(manifest.read_text(encoding="utf-8"))["frames"]
            return {frame: pd.read_parquet(self.folder / f"{frame}.parquet") for frame in kept}
        if self.data is None:
            raise InputError(f"{self.folder}: the step {name} was never made here. `make report` makes all steps.")
        began = time.monotonic()
        frames = {key: frame.reset_index(drop=True) for key, frame in make().items()}
        for key, frame in frames.items():
            frame.to_parquet(self.folder / f"{key}.parquet", index=False)
            if len(frame) <= LARGEST_CSV and key != "features":
                write_csv(frame, self.folder / f"{key}.csv")
        self._done(name, list(frames), began)
        return frames

    def _manifest(self, step: str) -> Path:
        return self.folder / "steps" / f"{step}.json"

    def _done(self, step: str, frames: list[str], began: float) -> None:
        note = {"frames": frames, "seconds": round(time.monotonic() - began, 3)}
        write_json(self._manifest(step), note)

    def _settle(self, data: Path) -> None:
        """Make the folder this run's own: forget steps that were made of other data, parameters or code."""
        wanted = {"data": fingerprint(files_of_home(data)), "code": code_of(PROJECT)}
        wanted |= {"as_of": self.as_of, "horizon": str(self.horizon)}
        inputs = self.folder / "steps" / "inputs.json"
        if inputs.exists() and json.loads(inputs.read_text(encoding="utf-8")) == wanted:
            return
        shutil.rmtree(self.folder / "steps", ignore_errors=True)
        (self.folder / "steps").mkdir(parents=True)
        write_json(inputs, wanted)
