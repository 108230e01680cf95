"""Notebooks of a few cells that tests of the report run instead of the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

PARAMETERS = {"data": "data/sample", "as_of": "", "horizon": 168, "output": ""}


def write(path: Path, *cells: str, parameters: dict[str, object] | None = None) -> Path:
    """Write a notebook: `cells` that begin with # are Markdown, else code; the parameters stand after the first."""
    values = PARAMETERS if parameters is None else parameters
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.language_info = {"name": "python"}
    tagged = nbformat.v4.new_code_cell("\n".join(f"{name} = {value!r}  # a test's" for name, value in values.items()))
    tagged.metadata.tags = ["parameters"]
    first, *others = [
        nbformat.v4.new_markdown_cell(cell) if cell.startswith("#") else nbformat.v4.new_code_cell(cell)
        for cell in cells
    ]
    notebook.cells = [first, tagged, *others]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def settle(folder: Path, origin: str = "2024-07-14T22:00:00+00:00", timezone: str = "Europe/Madrid") -> str:
    """Return the code of a cell that leaves a home.json in the run folder, as reading a home does."""
    home = json.dumps({"origin": origin, "settings": {"timezone": timezone}})
    return f"import pathlib\n_ = pathlib.Path(output, 'home.json').write_text({home!r})"
