// SPDX-License-Identifier: Apache-2.0
// Who touches whom: the edges that cells share, and the borders these make.

/** @typedef {[number, number]} Position  longitude, latitude */
/**
 * A border: all that two cells share, or what a cell shares with nobody.
 * @typedef {{key: string, cells: string[], lines: Position[][], box: number[]}} Border
 */

// Boundaries are multiples of 1e-7 degree: corners of neighbours are the same numbers.
const UNITS = 1e7;

/** A corner by name. @param {Position} at */
export const pin = (at) => `${Math.round(at[0] * UNITS)},${Math.round(at[1] * UNITS)}`;

/** West, south, east, north. @param {Position[]} line */
export function boxOf(line) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of line) {
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }
  return box;
}

/** Every ring of a Polygon or MultiPolygon. @param {any} geometry @returns {Position[][]} */
export function ringsOf(geometry) {
  return geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates;
}

/** Whether a place lies inside some rings: a hole is a ring, too. @param {Position[][]} rings */
export function holds(rings, lon, lat) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
}

export class Topology {
  constructor() {
    /** @type {Map<string, {ends: [Position, Position], cells: string[], pair: string}>} */
    this.edges = new Map();
    /** Edges of each cell. @type {Map<string, string[]>} */
    this.owned = new Map();
    /** Edges of each pair of cells. @type {Map<string, Set<string>>} */
    this.pairs = new Map();
    /** Borders that are up to date. @type {Map<string, Border>} */
    this.drawn = new Map();
  }

  /** @param {string} code @param {Position[][]} rings */
  put(code, rings) {
    this.drop(code);
    const own = [];
    for (const ring of rings) {
      for (let i = 0; i < ring.length - 1; i += 1) {
        const [a, b] = [pin(ring[i]), pin(ring[i + 1])];
        const key = a < b ? `${a} ${b}` : `${b} ${a}`;
        let edge = this.edges.get(key);
        if (!edge) {
          edge = { ends: [ring[i], ring[i + 1]], cells: [], pair: "" };
          this.edges.set(key, edge);
        }
        edge.cells.push(code);
        own.push(key);
        this.file(key, edge);
      }
    }
    this.owned.set(code, own);
  }

  /** @param {string} code */
  drop(code) {
    for (const key of this.owned.get(code) ?? []) {
      const edge = this.edges.get(key);
      if (!edge) continue;
      edge.cells = edge.cells.filter((other) => other !== code);
      this.file(key, edge);
    }
    this.owned.delete(code);
  }

  /** Put an edge with the pair that shares it now. */
  file(key, edge) {
    const pair = [...edge.cells].sort().join("|");
    if (pair === edge.pair) return;
    if (edge.pair) {
      const old = this.pairs.get(edge.pair);
      old?.delete(key);
      if (!old?.size) this.pairs.delete(edge.pair);
      this.drawn.delete(edge.pair);
    }
    edge.pair = pair;
    if (!pair) {
      this.edges.delete(key);
      return;
    }
    if (!this.pairs.has(pair)) this.pairs.set(pair, new Set());
    this.pairs.get(pair).add(key);
    this.drawn.delete(pair);
  }

  /** @returns {Border[]} */
  borders() {
    return [...this.pairs.keys()].map((pair) => this.border(pair));
  }

  /** @param {string} pair @returns {Border} */
  border(pair) {
    let border = this.drawn.get(pair);
    if (!border) {
      const lines = this.chained(this.pairs.get(pair) ?? new Set());
      border = { key: pair, cells: pair.split("|"), lines, box: boxOf(lines.flat()) };
      this.drawn.set(pair, border);
    }
    return border;
  }

  /** Edges as lines that are as long as they can be. @param {Set<string>} keys @returns {Position[][]} */
  chained(keys) {
    /** @type {Map<string, {key: string, to: string, at: Position}[]>} */
    const from = new Map();
    const places = new Map();
    for (const key of keys) {
      const { ends } = this.edges.get(key);
      const [a, b] = ends.map(pin);
      places.set(a, ends[0]).set(b, ends[1]);
      for (const [one, other] of [[a, b], [b, a]]) {
        if (!from.has(one)) from.set(one, []);
        from.get(one).push({ key, to: other, at: places.get(other) });
      }
    }
    const used = new Set();
    const walk = (/** @type {string} */ start) => {
      const line = [places.get(start)];
      for (let here = start; ; ) {
        const next = from.get(here).find(({ key }) => !used.has(key));
        if (!next) return line;
        used.add(next.key);
        line.push(places.get(next.to));
        here = next.to;
        if (from.get(here).length !== 2) return line;
      }
    };
    const lines = [];
    for (const [name, steps] of from) {
      if (steps.length === 2) continue;
      while (steps.some(({ key }) => !used.has(key))) lines.push(walk(name));
    }
    // What is left are rings.
    for (const [name, steps] of from) {
      while (steps.some(({ key }) => !used.has(key))) lines.push(walk(name));
    }
    return lines;
  }
}

/**
 * A ring with one stretch of it exchanged; null where the ring does not have the stretch.
 * @param {Position[]} ring  closed
 * @param {Position[]} stretch
 * @param {Position[]} line  what takes its place, the same way round as the stretch
 */
export function exchanged(ring, stretch, line) {
  const open = ring.slice(0, -1);
  const names = open.map(pin);
  const start = names.indexOf(pin(stretch[0]));
  const second = pin(stretch[1]);
  if (start < 0) return null;
  const size = open.length;
  const step = names[(start + 1) % size] === second ? 1 : names[(start + size - 1) % size] === second ? -1 : 0;
  if (!step) return null;
  const rest = [];
  for (let i = stretch.length - 1; i <= size; i += 1) rest.push(open[(((start + step * i) % size) + size) % size]);
  // The rest runs from the last corner of the stretch back to the first one.
  const made = [...line, ...rest.slice(1, -1)];
  return [...made, made[0]];
}
