// SPDX-License-Identifier: Apache-2.0
// What a map of many points shows at first: one that strays far must not make all others one dot.

const METRES_OF_A_DEGREE = 111_320;
/** Of the points, this share lies in the middle; what is so many times as far off strays. */
const MIDDLE = 0.8;
const TIMES = 6;

/**
 * The points that do not stray far from most of the others, and how many do.
 * @param {{lon: number, lat: number}[]} points
 * @param {[number, number, number, number]} area  west, south, east, north: within half of its
 *   diagonal of the middle nothing strays
 */
export function nearby(points, [west, south, east, north]) {
  if (!points.length) return { near: points, away: 0 };
  const lon = middle(points.map((point) => point.lon));
  const lat = middle(points.map((point) => point.lat));
  const shrink = Math.cos((lat * Math.PI) / 180);
  const far = (point) => METRES_OF_A_DEGREE * Math.hypot((point.lon - lon) * shrink, point.lat - lat);
  const sorted = points.map(far).sort((a, b) => a - b);
  const most = Math.max(
    TIMES * sorted[Math.floor(MIDDLE * (sorted.length - 1))],
    (METRES_OF_A_DEGREE * Math.hypot((east - west) * shrink, north - south)) / 2,
  );
  const near = points.filter((point) => far(point) <= most);
  return { near, away: points.length - near.length };
}

/** @param {number[]} values */
function middle(values) {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
