// SPDX-License-Identifier: Apache-2.0
// What is written on a plan: communities, and each cell's number with its households.

import { provisional } from "./planner_draft.js";
import { holds } from "./planner_topology.js";

const SIZE = 12.5;
const PIXELS_OF_A_DEGREE = 256 / 360;

/**
 * The labels of a plan, the weightier first.
 * @param {import("./planner_draft.js").Plan} plan
 * @returns {import("./labels.js").Label[]}
 */
export function labelsOf(plan) {
  const labels = [];
  for (const [code, cells] of plan.communities()) {
    const weight = cells.reduce((sum, cell) => sum + Math.sqrt(cell.area_m2), 0);
    const mean = (/** @type {number} */ axis) =>
      cells.reduce((sum, cell) => sum + ((cell.box[axis] + cell.box[axis + 2]) / 2) * Math.sqrt(cell.area_m2), 0) / weight;
    const [lon, lat] = [mean(0), mean(1)];
    labels.push({ text: plan.name(code), lon, lat, size: 15, color: "#ffffff", from: 12.6, until: 15.2 });
  }
  for (const cell of plan.cells.values()) {
    const [lon, lat] = middle(cell);
    const wide = (cell.box[2] - cell.box[0]) * PIXELS_OF_A_DEGREE;
    // Where the cell is about as wide as what is written on it.
    const fits = (/** @type {number} */ px) => Math.log2(px / wide);
    const written = (/** @type {string} */ name) => `${cell.locked ? "锁 " : ""}${name}${provisional(cell.code) ? "*" : ""} · ${cell.households}`;
    const look = { lon, lat, size: SIZE, color: cell.locked ? "#ffd479" : "#dbe7f1" };
    // The whole name says the community too, whose own name is gone by then.
    const whole = Math.max(15.2, fits((cell.name.length + 4) * SIZE));
    labels.push({ ...look, text: written(cell.code.slice(-3)), from: Math.max(12, fits(66)), until: whole });
    labels.push({ ...look, text: written(cell.name), from: whole });
  }
  return labels;
}

/** A point inside, as near to the middle as a few tries find it. @param {import("./planner_draft.js").Cell} cell */
function middle(cell) {
  const [west, south, east, north] = cell.box;
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  if (holds(cell.rings, lon, lat)) return [lon, lat];
  let best = [lon, lat];
  let least = Infinity;
  for (let i = 1; i < 12; i += 1) {
    for (let j = 1; j < 12; j += 1) {
      const [x, y] = [west + ((east - west) * i) / 12, south + ((north - south) * j) / 12];
      const far = (i - 6) ** 2 + (j - 6) ** 2;
      if (far < least && holds(cell.rings, x, y)) {
        least = far;
        best = [x, y];
      }
    }
  }
  return best;
}
