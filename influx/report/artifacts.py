"""What a step leaves in the run folder: a Parquet file a frame, a CSV beside it, models without pickle, a manifest.

The manifest in `steps/` is written last and names the step's files: a step that has none was never made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from influx.core.errors import InputError
from influx.core.frames import Frames
from influx.core.tabular_io import write_csv

LARGEST_CSV = 400_000
"""Rows above which a frame is kept as Parquet alone."""

NO_CSV = ("features",)
FILE_NAMES = {("metrics", "forecasts"): "past_forecasts"}
"""Files of a result's attributes that are not called after the step and the attribute."""

TRUSTED = ("influx", "lightgbm", "numpy", "prophet", "scipy", "sklearn", "xgboost")
"""Packages whose types are read from a file of models."""


def write(folder: Path, step: str, result: Any, note: Mapping[str, Any]) -> None:
    """Write the result of a step, and its manifest last.

    Parameters
    ----------
    result : DataFrame or mapping of str to DataFrame
        What a subclass of DataFrame names in `_metadata` is kept beside it: frames, and mappings of models.
    note : mapping
        What else the manifest holds.
    """
    _path(folder, step).unlink(missing_ok=True)
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
                _write_models(folder / f"{file}.skops", value or {})
    for name, frame in frames.items():
        frame = frame.reset_index(drop=True)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        if len(frame) <= LARGEST_CSV and name not in NO_CSV:
            write_csv(frame, folder / f"{name}.csv")
    write_note(folder, step, {"frames": list(frames), "kind": kind, "attributes": attributes, **note})


def read(folder: Path, step: str) -> Any:
    """Return what `write` was given: a frame, or `Frames`.

    Raises
    ------
    InputError
        The step was never made, or its models are of a package that is not trusted.
    """
    note = manifest(folder, step)
    if not note:
        raise InputError(f"{folder}: the step {step} was never made here. `make report` makes all steps.")
    if not note["kind"]:
        return Frames({name: pd.read_parquet(folder / f"{name}.parquet") for name in note["frames"]})
    module, _, name = note["kind"].partition(":")
    result = getattr(import_module(module), name)(pd.read_parquet(folder / f"{step}.parquet"))
    for name, file in note["attributes"].items():
        kept = pd.read_parquet(folder / f"{file}.parquet") if file in note["frames"] else None
        setattr(result, name, _read_models(folder / f"{file}.skops") if kept is None else kept)
    return result


def manifest(folder: Path, step: str) -> dict[str, Any]:
    """Return the manifest of a step, empty where it was never made."""
    path = _path(folder, step)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_note(folder: Path, step: str, note: Mapping[str, Any]) -> None:
    """Write a manifest that appears whole or not at all."""
    path = _path(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(note, indent=2), encoding="utf-8")
    partial.replace(path)


def _path(folder: Path, step: str) -> Path:
    return folder / "steps" / f"{step}.json"


def _write_models(path: Path, models: Mapping[str, Any]) -> None:
    import skops.io  # half a second, which most steps need not spend

    partial = path.with_suffix(f".{os.getpid()}")
    skops.io.dump(dict(models), partial)
    partial.replace(path)


def _read_models(path: Path) -> dict[str, Any]:
    import skops.io

    types = skops.io.get_untrusted_types(file=path)
    strange = [name for name in types if name.partition(".")[0] not in TRUSTED]
    if strange:
        raise InputError(
            f"{path.name} holds {', '.join(strange)}, which cannot be read back safely. Give the models themselves to "
            "influx.forecast, in the notebook that defines them."
        )
    return skops.io.load(path, trusted=types)
