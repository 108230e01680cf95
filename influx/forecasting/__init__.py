"""Forecasting: a home's hourly readings in, forecast, scores and selection out.

`device_series` makes each device's hours with all that its models may know, `features` the feature table, `models` the
estimators, `evaluation` the backtest, the model selection and the calibration; `forecast` predicts the coming hours and
`aggregate_intervals` sums them with their ranges.
"""
