"""Benchmarks: one command each (`./diffusion benchmark NAME`), ratios against a limit measured in the same run.

Every module has `main()`, works on the scratch database that the command makes for it, prints a table and, as its last
line, one JSON object with at least `name`, `ratio` and `target`.
"""
