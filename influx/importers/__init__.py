"""The formats that can be read: every module of this folder with `matches` and `read` is one.

To add a format, add a file; nothing else changes. Where several formats match a file, the one with the lowest `RANK`
(50 where a module names none) reads it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import cast

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import formats
from influx.importers.reading.part import Part, Source

__all__ = ["Part", "Source", "find", "sources"]


@cache
def sources() -> tuple[Source, ...]:
    """Return all formats, in the order in which they are asked."""
    names = [info.name for info in pkgutil.iter_modules(formats.__path__)]
    modules = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    readers = [module for module in modules if hasattr(module, "matches") and hasattr(module, "read")]
    return tuple(cast(Source, module) for module in sorted(readers, key=lambda module: getattr(module, "RANK", 50)))


def find(path: Path, settings: Settings | None = None) -> Source | None:
    """Return the format of a file, the one that home.yaml names or the first that matches; None where none does.

    Raises
    ------
    InputError
        home.yaml names a format that does not exist.
    """
    said = None if settings is None else settings.file(path.name).format
    if said is None:
        return next((source for source in sources() if source.matches(path)), None)
    names = {source.__name__.rpartition(".")[2]: source for source in sources()}
    if said not in names:
        raise InputError(f"home.yaml: files.{path.name}.format: there is no {said!r}; formats are {', '.join(names)}.")
    return names[said]
