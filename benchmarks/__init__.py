"""What the project must reach, measured: `make bench`, or `python -m benchmarks --only NAME`.

A benchmark is a function marked with `@benchmark` in a module that `registry.MODULES` names; it gets an `Options`, and
returns what it measured. Nothing here is a test: a slow machine fails nothing, it is told in the table.
"""
