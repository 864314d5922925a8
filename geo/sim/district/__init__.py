# SPDX-License-Identifier: Apache-2.0
"""The demo district: synthetic geometry of Xihu (溪湖区), Benxi, drawn from a plan and a seed.

Everything is laid out on a local plane in metres (see `plane.py`) and leaves it once, in
`write.py`, as EPSG:4326 coordinates that are exact multiples of 1e-7 degree.
Run `python -m geo.sim.district --out data/shapefiles --seed 210503`.
"""
