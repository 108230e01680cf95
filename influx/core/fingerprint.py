"""Fingerprints: what a step's result depends on, as one short text.

A step is kept as long as its inputs and the code that it uses are the same. The code of a function is its module and
all modules of this package that it imports, directly or not, without comments, docstrings and layout: a changed
sentence remakes nothing, a changed feature remakes what uses it.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from influx.core.paths import PROJECT

PACKAGE = "influx"
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
"""Packages whose version may change a number."""


def fingerprint(*values: Any) -> str:
    """Return a hash of values that is the same in every process.

    Parameters
    ----------
    *values
        Frames, arrays, numbers, texts, times, dataclasses, pydantic models, estimators (by class and parameters),
        functions (by their code), and mappings and sequences of these.

    Examples
    --------
    >>> fingerprint([1, "a"]) == fingerprint([1, "a"])
    True
    >>> fingerprint({"fridge": 1}) == fingerprint({"fridge": 2})
    False
    """
    digest = hashlib.sha256()
    for value in values:
        _update(digest, value)
    return digest.hexdigest()


def _update(digest: Any, value: Any) -> None:
    digest.update(f"{type(value).__module__}.{type(value).__qualname__}\0".encode())
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        _update_table(digest, value)
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, BaseModel):
        digest.update(value.model_dump_json().encode())
    elif isinstance(value, Mapping):
        _update(digest, list(value.items()))
    elif isinstance(value, list | tuple):
        for item in value:
            _update(digest, item)
    elif isinstance(value, set | frozenset):
        _update(digest, sorted(fingerprint(item) for item in value))
    elif isinstance(value, type | FunctionType | ModuleType):
        digest.update(code_of(value).encode())
    elif isinstance(getattr(value, "fingerprint", None), str):
        digest.update(value.fingerprint.encode())
    elif is_dataclass(value):
        _update(digest, {field.name: getattr(value, field.name) for field in fields(value)})
    elif hasattr(value, "get_params"):
        digest.update(code_of(type(value)).encode())
        _update(digest, value.get_params(deep=False))
    elif isinstance(value, str | bytes | int | float | complex | Path | pd.Timestamp | pd.Timedelta | None):
        digest.update(repr(value).encode())
    else:
        _update(digest, vars(value) if hasattr(value, "__dict__") else repr(value))


def _update_table(digest: Any, table: pd.DataFrame | pd.Series | pd.Index) -> None:
    columns = table.dtypes.items() if isinstance(table, pd.DataFrame) else [(table.name, table.dtype)]
    digest.update(repr([*((str(name), str(dtype)) for name, dtype in columns), len(table)]).encode())
    if len(table):
        # Categories are hashed as what they stand for, so that a frame read back from Parquet is the one written.
        digest.update(pd.util.hash_pandas_object(table, categorize=True).to_numpy().tobytes())
    if isinstance(table, pd.DataFrame):  # what a subclass keeps beside its rows
        _update(digest, [getattr(table, name, None) for name in table._metadata])


def code_of(thing: Any) -> str:
    """Return a hash of the code that a function, class or module uses.

    Of this package: its module with all modules that it imports. Of an installed library: its version. Written
    anywhere else, as in a notebook: its own byte code, and what it takes from this package.
    """
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", "") or ""
    root = name.partition(".")[0]
    if root == PACKAGE:
        return _code_of_module(name)
    if root not in ("", "__main__") and not isinstance(thing, FunctionType):
        return f"{name} {_version(root)}"
    digest = hashlib.sha256()
    methods = [("", thing)] if isinstance(thing, FunctionType) else inspect.getmembers_static(thing, inspect.isfunction)
    for _, function in methods:
        _update_function(digest, function)
    return digest.hexdigest()


def _update_function(digest: Any, function: FunctionType) -> None:
    code = function.__code__
    constants = [item for item in code.co_consts if not hasattr(item, "co_code")]
    digest.update(code.co_code + repr((code.co_names, constants, function.__defaults__)).encode())
    for inner in (item for item in code.co_consts if hasattr(item, "co_code")):
        digest.update(inner.co_code + repr((inner.co_names, inner.co_consts)).encode())
    captured = inspect.getclosurevars(function)
    for value in [*captured.nonlocals.values(), *captured.globals.values()]:
        if getattr(value, "__module__", "") != "__main__":  # what a cell defines is seen in the result, not in here
            _update(digest, value)


@cache
def _code_of_module(name: str) -> str:
    """Return the hash of a module and of all modules of this package that it imports."""
    trees: dict[str, str] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        place = PROJECT.joinpath(*module.split("."))
        path = next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
        if path is not None and module not in trees:
            trees[module], imported = _parsed(path, path.stat().st_mtime_ns)
            waiting += imported
    libraries = [(library, _version(library)) for library in LIBRARIES]
    return hashlib.sha256(repr([*sorted(trees.items()), *libraries]).encode()).hexdigest()


@cache
def _parsed(path: Path, _changed: int) -> tuple[str, list[str]]:
    """Return the hash of a file's syntax tree, and the names that it may import from this package."""
    tree = _WhatRuns().visit(ast.parse(path.read_bytes()))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return digest, [name for name in names if name.startswith(f"{PACKAGE}.")]


class _WhatRuns(ast.NodeTransformer):
    """Leaves out what changes no result: texts that stand alone, and imports for type checkers."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return ""


def fingerprint_of_files(paths: list[Path]) -> str:
    """Return a hash of the names and the content of files, in their order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(os.fsencode(path.name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
