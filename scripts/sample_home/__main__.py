"""Write the files of a simulated home: `python scripts/sample_home --output data/sample [--seed N]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from influx.core.errors import InputError
from sample_home.simulate import SEED, write_sample


def main() -> int:
    """Write the files and print their paths; a folder that holds something else is left alone."""
    parser = argparse.ArgumentParser(prog="sample_home", description="Write the files of a simulated home.")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new folder, or an earlier sample")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="another household (default: %(default)s)")
    options = parser.parse_args()
    try:
        for path in write_sample(options.output, seed=options.seed):
            print(path)
    except InputError as error:
        print(f"sample_home: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
