"""The one way through the rooms of `influx`, read from its imports: `make lint` fails on an arrow back or a circle.

    python scripts/architecture.py            # check, and print the longest chain of imports
    python scripts/architecture.py --write    # draw docs/architecture.md anew, too

An import inside a function counts like one at the top: it ties two modules together just as much. The standard library
is enough for this; import-linter would check the same layers but draw no picture, and brings five packages.
"""

from __future__ import annotations

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "architecture.md"
ROOMS = ("core", "importers", "home", "forecasting", "billing", "scheduling", "insights", "report", "dashboard")
"""From the lowest to the highest: a module imports from its own room and from rooms before it."""

_DRAWING = re.compile(r"(?<=<!-- drawn by scripts/architecture.py -->\n).*?(?=<!-- end -->)", re.DOTALL)

Graph = dict[str, set[str]]
"""The modules that each module imports, by their dotted names."""


def module_files(project: Path = PROJECT) -> dict[str, Path]:
    """Return the file of each module of `influx`; a package goes by its folder's name."""
    files = sorted((project / "influx").rglob("*.py"))
    return {".".join(file.relative_to(project).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def import_graph(files: dict[str, Path]) -> Graph:
    """Return the modules among `files` that each of them imports, wherever the import stands in it."""
    return {module: _imported(ast.parse(file.read_text(encoding="utf-8")), files) for module, file in files.items()}


def _imported(tree: ast.Module, known: dict[str, Path]) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= submodules if submodules <= known.keys() else (submodules & known.keys()) | {node.module}
    return names & known.keys()


def room(module: str) -> str:
    """Return the room of a module; "" for the package's front, which may use every room."""
    return module.split(".")[1] if module.count(".") and module.split(".")[1] in ROOMS else ""


def arrows(graph: Graph) -> set[tuple[str, str]]:
    """Return which room imports which other one."""
    pairs = {(room(module), room(target)) for module, targets in graph.items() for target in targets}
    return {(here, there) for here, there in pairs if here and here != there}


def faults(graph: Graph) -> list[str]:
    """Return a sentence for each import against the one way, and for a circle."""
    found = [
        f"{module} imports {target}: {room(module)} may only import from rooms before it"
        for module, targets in graph.items()
        for target in sorted(targets)
        if room(module) and (not room(target) or ROOMS.index(room(target)) > ROOMS.index(room(module)))
    ]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append(f"a circle of imports: {' <- '.join(error.args[1])}")
    return found


def longest_chain(graph: Graph) -> list[str]:
    """Return the longest chain of modules of which each imports the next; the graph has no circle."""
    chains: dict[str, list[str]] = {}
    for module in TopologicalSorter(graph).static_order():
        below = max((chains[target] for target in sorted(graph[module])), key=len, default=[])
        chains[module] = [module, *below]
    return max(chains.values(), key=len)


def drawing(graph: Graph, files: dict[str, Path]) -> str:
    """Return the rooms with their modules and lines, and an arrow for each import between them, as Mermaid draws it."""
    boxes = []
    for name in ROOMS:
        own = [file for module, file in files.items() if room(module) == name]
        lines = sum(file.read_text(encoding="utf-8").count("\n") for file in own)
        boxes.append(f'    {name}["{name}<br>{len(own)} modules, {lines:,} lines"]')
    ways = [f"    {here} --> {there}" for there in ROOMS for here in ROOMS if (here, there) in arrows(graph)]
    return "\n".join(["```mermaid", "flowchart BT", *boxes, *ways, "```", ""])


def drawn_arrows(page: str) -> set[tuple[str, str]]:
    """Return the arrows of a page that `drawing` is part of."""
    return set(re.findall(r"^ +(\w+) --> (\w+)$", page, re.MULTILINE))


def main() -> int:
    """Print what is wrong, else the longest chain; return 1 where something is."""
    files = module_files()
    graph = import_graph(files)
    wrong = faults(graph)
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    if wrong:
        return 1
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(_DRAWING.sub(lambda _: drawing(graph, files), page), encoding="utf-8")
    elif drawn_arrows(page) != arrows(graph):
        print("docs/architecture.md shows other imports: python scripts/architecture.py --write", file=sys.stderr)
        return 1
    chain = longest_chain(graph)
    print(f"The imports go one way; the longest chain has {len(chain)} modules: {' > '.join(chain)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
