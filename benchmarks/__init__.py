"""Measurements: ratios against what one would use instead, in one run on one machine.

`python -m benchmarks` runs all suites and prints one table; `python -m benchmarks echo --quick`
one of them, briefly. Start reading at `__main__.py`.
"""
