"""Evaluation: past forecasts of each model in, scores, the selected model of each device and calibration out."""
