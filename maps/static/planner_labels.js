// SPDX-License-Identifier: Apache-2.0
// What is written on a plan: communities, and each cell's number with its households.

import { provisional } from "./planner_draft.js";
import { holds } from "./planner_topology.js";

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
    const text = `${cell.locked ? "锁 " : ""}${cell.code.slice(-3)}${provisional(cell.code) ? "*" : ""} · ${cell.households}`;
    const [lon, lat] = middle(cell);
    const wide = (cell.box[2] - cell.box[0]) * PIXELS_OF_A_DEGREE;
    // Where the cell is about as wide as what is written on it.
    const from = Math.max(12, Math.log2(66 / wide));
    labels.push({ text, lon, lat, size: 12.5, color: cell.locked ? "#ffd479" : "#dbe7f1", from });
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
