"""JupyterLab as `make lab` starts it: saving one of the project's notebooks keeps its sources and nothing of a run.

So a run in JupyterLab leaves the tracked notebooks as they were. Outputs stay on the screen; a notebook of your own,
anywhere but in `notebooks/`, is saved with them.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

import nbformat  # noqa: E402

from strip_notebooks import strip  # noqa: E402


def strip_on_save(model, path, contents_manager, **_):
    """Strip what is about to be saved, where it is one of the project's notebooks."""
    file = (Path(contents_manager.root_dir) / path.strip("/")).resolve()
    if model["type"] == "notebook" and file.parent == PROJECT / "notebooks":
        model["content"] = strip(nbformat.from_dict(model["content"]))


c.ContentsManager.pre_save_hook = strip_on_save  # type: ignore[name-defined] # noqa: F821
