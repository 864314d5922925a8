// SPDX-License-Identifier: Apache-2.0
// The way along the streets to what a worker is called to: asked for when it is not known or he has
// left it, and shortened as he goes.

import { ask } from "./ask.js";

const RADIUS_M = 6_371_000;
// Farther beside it he has taken another way.
const BESIDE_M = 30;
// His position is sent as often: before that the service knows no other way.
const AGAIN_MS = 10_000;
// No street leads there: one may, once he has gone on.
const NO_STREET_MS = 60_000;

export class Route {
  /** @param {string} linkups  the address of linkups @param {() => void} changed  another way is known */
  constructor(linkups, changed) {
    this.linkups = linkups;
    this.changed = changed;
    /** What it leads to. */
    this.key = "";
    /** Longitude and latitude, spot by spot. @type {number[][]|null} */
    this.line = null;
    this.notBefore = 0;
  }

  /**
   * What is left of the way, and its metres; null while none along the streets is known.
   * @param {string} linkup
   * @param {{lon: number, lat: number}|null} own  where he is
   * @param {{lon: number|null, lat: number|null}} place  where he goes
   * @returns {{spots: number[][], metres: number}|null}
   */
  rest(linkup, own, place) {
    if (!own || typeof place.lon !== "number") return null;
    const key = `${linkup} ${place.lon} ${place.lat}`;
    if (key !== this.key) {
      this.key = key;
      this.line = null;
      this.notBefore = 0;
    }
    const left = this.line && along(this.line, own);
    if (left && left.beside <= BESIDE_M) return left;
    this.look(linkup);
    return null;
  }

  /** @param {string} linkup */
  async look(linkup) {
    if (Date.now() < this.notBefore) return;
    const { key } = this;
    this.notBefore = Date.now() + AGAIN_MS;
    let found;
    try {
      found = await ask(`${this.linkups}/${linkup}/way`);
    } catch {
      // Without the network, or no part of it any more: the straight line stays.
      return;
    }
    if (key !== this.key) return;
    this.line = found.measure === "walk" ? found.line.coordinates : null;
    if (found.line && !this.line) this.notBefore = Date.now() + NO_STREET_MS;
    this.changed();
  }
}

/**
 * A line from the spot of it that is nearest to somebody; how far beside it he is.
 * @param {number[][]} line
 * @param {{lon: number, lat: number}} own
 */
function along(line, own) {
  const rad = Math.PI / 180;
  const east = RADIUS_M * rad * Math.cos(own.lat * rad);
  const north = RADIUS_M * rad;
  const plane = line.map(([lon, lat]) => [(lon - own.lon) * east, (lat - own.lat) * north]);
  let best = { beside: Math.hypot(...plane.at(-1)), at: plane.at(-1), next: plane.length };
  for (let i = 1; i < plane.length; i += 1) {
    const at = nearest(plane[i - 1], plane[i]);
    const beside = Math.hypot(...at);
    if (beside < best.beside) best = { beside, at, next: i };
  }
  const rest = [best.at, ...plane.slice(best.next)];
  const metres = rest.slice(1).reduce(
    (sum, [x, y], i) => sum + Math.hypot(x - rest[i][0], y - rest[i][1]), best.beside,
  );
  const spots = rest.map(([x, y]) => [own.lon + x / east, own.lat + y / north]);
  return { spots, metres, beside: best.beside };
}

/** Of a piece the spot that is nearest to the origin. @param {number[]} a @param {number[]} b */
function nearest([ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = -(ax * dx + ay * dy) / (dx * dx + dy * dy || 1);
  const held = Math.max(0, Math.min(1, share));
  return [ax + held * dx, ay + held * dy];
}
