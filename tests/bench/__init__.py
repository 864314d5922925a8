# SPDX-License-Identifier: Apache-2.0
"""Measurements, side by side with their ceilings in one run. Not part of the everyday suite.

Each module runs by itself: `python -m tests.bench.check_in`. Figures go to `docs/benchmarks.md`.
"""
