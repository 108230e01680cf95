"""What the project must reach, measured: `make bench`, or `python -m benchmarks --only NAME`.

A benchmark is a function marked with `@benchmark` in a module that `registry.MODULES` names; it gets an `Options`, and
returns what it measured, with tables where there is much of it. Nothing here is a test: a slow machine fails nothing,
it is told in the table, and so is another package that cannot be installed or refuses a device.
"""
