"""Running a notebook's cells in this process: what its last expressions say, without a kernel's two seconds."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import Any

import nbformat

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def run_cells(notebook: Path, **parameters: object) -> list[Any]:
    """Run a notebook with `parameters` in place of its own, a warning being an error; return what each cell shows."""
    names: dict[str, Any] = {}
    shown = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cell in nbformat.read(notebook, as_version=4).cells:
            if cell.cell_type == "code":
                shown.append(_run(cell.source, str(notebook), names))
                if "parameters" in cell.metadata.get("tags", []):
                    names |= parameters
    return [value for value in shown if value is not None]


def _run(source: str, file: str, names: dict[str, Any]) -> Any:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), file, "eval"), names)
