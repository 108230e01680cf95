"""Insights: what measured and forecast hours mean; a home, its forecast and its plan go in, tables of facts come out.

`explore` looks at the readings, `overview` at use against the usual week, `anomalies` at unusual hours,
`recommendations` at what is worth doing, `forecast_review` and `drift` at how earlier forecasts turned out.
"""
