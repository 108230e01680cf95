"""OpenSTEF 4: its preset workflow with XGBoost quantiles, one model a series, as its quick start does it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
from contract import each, frame, main
from openstef_core.datasets import TimeSeriesDataset
from openstef_core.types import LeadTime, Q
from openstef_models.presets import ForecastingWorkflowConfig, create_forecasting_workflow

HOUR = timedelta(hours=1)


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    workflow = create_forecasting_workflow(
        ForecastingWorkflowConfig(
            model_id="benchmark",
            model="xgboost",
            quantiles=[Q(0.5), Q(0.1), Q(0.9)],
            sample_interval=HOUR,
            horizons=[LeadTime(len(hours) * HOUR)],
            mlflow_storage=None,
        )
    )
    # It wants an offset, so the home's own clock passes for UTC.
    known = pd.DataFrame({"load": history}).tz_localize("UTC")
    ahead = pd.DataFrame({"load": float("nan")}, index=hours.tz_localize("UTC"))
    workflow.fit(TimeSeriesDataset(known, HOUR))
    asked = TimeSeriesDataset(pd.concat([known.iloc[-14 * 24 :], ahead]), HOUR)
    said = workflow.predict(asked, forecast_start=ahead.index[0].to_pydatetime()).data.loc[ahead.index]
    return frame(hours, *(said[f"quantile_P{level}"] for level in (10, 50, 90, 50)))


if __name__ == "__main__":
    main(each(forecast), ["openstef-models", "xgboost-cpu"])
