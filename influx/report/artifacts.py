"""What a step leaves in the run folder: a Parquet file a frame, a CSV beside it, a manifest.

The manifest in `steps/` is written last and names the step's files: a step that has none was never made. Models are
kept unfitted, as their classes and parameters; they learn again where they are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.frames import Frames
from influx.core.tabular_io import write_csv

LARGEST_CSV = 400_000
"""Rows above which a frame is kept as Parquet alone."""

NO_CSV = ("features",)
FILE_NAMES = {("metrics", "forecasts"): "past_forecasts"}
"""Files of a result's attributes that are not called after the step and the attribute."""

TRUSTED = ("influx", "lightgbm", "sklearn", "xgboost")
"""Packages whose estimators are made again from a manifest."""


def write(folder: Path, step: str, result: Any, facts: Mapping[str, Any]) -> None:
    """Write the result of a step, a frame or a mapping of names to frames, and its manifest with `facts` last.

    What a subclass of DataFrame names in `_metadata` is kept beside it: frames, and mappings of models.
    """
    _path(folder, step).unlink(missing_ok=True)
    models: dict[str, Any] = {}
    if isinstance(result, Mapping):
        frames, kind, attributes = dict(result), "", {}
    else:
        frames, kind = {step: pd.DataFrame(result)}, f"{type(result).__module__}:{type(result).__qualname__}"
        attributes = {name: FILE_NAMES.get((step, name), f"{step}_{name}") for name in type(result)._metadata}
        for name, file in attributes.items():
            value = getattr(result, name, None)
            if isinstance(value, pd.DataFrame):
                frames[file] = value
            else:
                models[name] = _describe(value or {})
    for name, frame in frames.items():
        frame = frame.reset_index(drop=True)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        if len(frame) <= LARGEST_CSV and name not in NO_CSV:
            write_csv(frame, folder / f"{name}.csv")
    write_manifest(
        folder, step, {"frames": list(frames), "kind": kind, "attributes": attributes, "models": models, **facts}
    )


def read(folder: Path, step: str) -> Any:
    """Return what `write` was given: a frame, or `Frames`."""
    kept = manifest(folder, step)
    if not kept:
        raise InputError(f"{folder}: the step {step} was never made here. `make report` makes all steps.")
    if not kept["kind"]:
        return Frames({name: pd.read_parquet(folder / f"{name}.parquet") for name in kept["frames"]})
    module, _, name = kept["kind"].partition(":")
    result = getattr(import_module(module), name)(pd.read_parquet(folder / f"{step}.parquet"))
    for name, file in kept["attributes"].items():
        models = kept["models"].get(name)
        setattr(result, name, _build(models) if models else pd.read_parquet(folder / f"{file}.parquet"))
    return result


def manifest(folder: Path, step: str) -> dict[str, Any]:
    """Return the manifest of a step, empty where it was never made."""
    path = _path(folder, step)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_manifest(folder: Path, step: str, facts: Mapping[str, Any]) -> None:
    """Write a manifest that appears whole or not at all."""
    path = _path(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    partial.replace(path)


def _path(folder: Path, step: str) -> Path:
    return folder / "steps" / f"{step}.json"


def _describe(value: Any) -> Any:
    """Return an unfitted estimator, or what its parameters hold, as JSON: its class and how it was made."""
    if hasattr(value, "get_params"):
        params = value.get_params(deep=False)
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        return {"class": kind, "params": {name: _describe(item) for name, item in params.items()}}
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, Mapping):
        return {"dict": {str(name): _describe(item) for name, item in value.items()}}
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | None) else {"unknown": repr(value)}


def _build(value: Any) -> Any:
    """Return what `_describe` was given; only classes of `TRUSTED` packages are imported."""
    if isinstance(value, list):
        return [_build(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "dict" in value:
        return {name: _build(item) for name, item in value["dict"].items()}
    module, _, name = value.get("class", "").partition(":")
    if module.partition(".")[0] not in TRUSTED:
        raise InputError(
            f"models: {value.get('unknown', name)} was defined in a notebook and cannot be read back. Give the models "
            "themselves to influx.forecast, in the notebook that defines them."
        )
    params = {key: _build(item) for key, item in value["params"].items()}
    if "steps" in params:  # a pipeline names its steps by pairs
        params["steps"] = [tuple(step) for step in params["steps"]]
    return getattr(import_module(module), name)(**params)
