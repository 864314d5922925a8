// SPDX-License-Identifier: Apache-2.0
// What the division of another day changes against today's.

// Where less ground changes hands, corners of a border were set anew and nothing else, in m².
const LEAST_M2 = 1;
const METRES_A_DEGREE = 111_320;

/**
 * What a border encloses, with and without its edges' first moments: borders that enclose as much,
 * but elsewhere, differ in these.
 * @param {any} geometry
 * @param {[number, number]} from
 */
function moments({ type, coordinates }, [lon0, lat0]) {
  const squash = Math.cos((lat0 * Math.PI) / 180);
  const sums = [0, 0, 0];
  for (const ring of type === "Polygon" ? coordinates : coordinates.flat()) {
    const spots = ring.map(([lon, lat]) => [
      (lon - lon0) * squash * METRES_A_DEGREE, (lat - lat0) * METRES_A_DEGREE,
    ]);
    for (let n = 1; n < spots.length; n += 1) {
      const [[a, b], [c, d]] = [spots[n - 1], spots[n]];
      const twice = a * d - c * b;
      sums[0] += twice / 2;
      sums[1] += ((a + c) * twice) / 6;
      sums[2] += ((b + d) * twice) / 6;
    }
  }
  return sums;
}

/**
 * The codes of cells that are new, or whose ground is another than before.
 * @param {any} before  GeoJSON of the cells
 * @param {any} after
 * @returns {Set<string>}
 */
export function changedCells(before, after) {
  const known = new Map(before.features.map((one) => [one.properties.code, one.geometry]));
  const changed = after.features.filter(({ properties, geometry }) => {
    const was = known.get(properties.code);
    if (!was) return true;
    const from = (geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat())[0][0];
    const [then, now] = [moments(was, from), moments(geometry, from)];
    if (Math.abs(then[0] - now[0]) >= LEAST_M2) return true;
    // As much ground, in another place.
    const reach = Math.sqrt(Math.abs(now[0]));
    return [1, 2].some((n) => Math.abs(then[n] - now[n]) >= LEAST_M2 * reach);
  });
  return new Set(changed.map(({ properties }) => properties.code));
}
