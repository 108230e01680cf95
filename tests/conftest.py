"""What holds for every test: no time limits, the same examples on a checking machine, figures without a screen.

Notebooks below here are food for tests, some of them meant to fail: nbval leaves them alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("MPLBACKEND", "Agg")

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

collect_ignore_glob = ["*.ipynb"]
