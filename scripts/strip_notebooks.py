"""Notebooks as they are kept: without outputs, counts and whatever else a run leaves in them.

    python scripts/strip_notebooks.py NOTEBOOK ...            # strip these
    python scripts/strip_notebooks.py --check NOTEBOOK ...    # name those that are not stripped, and fail

JupyterLab started by `make lab` does the same each time it saves (`scripts/jupyter/jupyter_server_config.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
LANGUAGE = {"language_info": {"name": "python"}}


def strip(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with sources, cell ids, tags and its title alone; it is changed in place."""
    for cell in notebook.cells:
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in ("tags",) if cell.metadata.get(key)})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    title = {key: notebook.metadata[key] for key in ("title",) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(KERNEL | LANGUAGE | title)
    return notebook


def main(arguments: list[str]) -> int:
    """Strip the notebooks that are named; return 1 where one was not stripped already."""
    changed = []
    for path in (Path(name) for name in arguments if name != "--check"):
        text = path.read_text(encoding="utf-8")
        stripped = nbformat.writes(strip(nbformat.reads(text, as_version=4))) + "\n"
        if stripped != text:
            changed.append(path)
            if "--check" not in arguments:
                path.write_text(stripped, encoding="utf-8")
    for path in changed:
        print(f"{path} held outputs or other traces of a run: make strip", file=sys.stderr)
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
