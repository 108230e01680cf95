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

from influx.sources.part import Part, Source

__all__ = ["Part", "Source", "find", "sources"]


@cache
def sources() -> tuple[Source, ...]:
    """Return all formats, in the order in which they are asked."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    formats = [module for module in modules if hasattr(module, "matches") and hasattr(module, "read")]
    return tuple(cast(Source, module) for module in sorted(formats, key=lambda module: getattr(module, "RANK", 50)))


def find(path: Path) -> Source | None:
    """Return the format of a file, or None where it is of no known one."""
    return next((source for source in sources() if source.matches(path)), None)
