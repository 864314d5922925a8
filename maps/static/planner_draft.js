// SPDX-License-Identifier: Apache-2.0
// A plan as the page holds it: its cells, who touches whom, and the only way to change it.

import { ask } from "./ask.js";
import { boxOf, holds, ringsOf, Topology } from "./planner_topology.js";

/**
 * @typedef {object} Cell
 * @property {string} code
 * @property {string} name
 * @property {string} community
 * @property {number} households
 * @property {number} buildings
 * @property {number} groups
 * @property {number} area_m2
 * @property {string[]} came_from
 * @property {boolean} locked
 * @property {any} geometry
 * @property {import("./planner_topology.js").Position[][]} rings
 * @property {number[]} box
 */

/** A letter stands in codes that publishing makes final. @param {string} code */
export const provisional = (code) => /[D-Z]/.test(code);

export class Plan {
  /** @param {string} url  of all plans @param {any} entry  as the list of plans has it */
  constructor(url, entry) {
    this.url = `${url}/${entry.id}`;
    this.entry = entry;
    /** @type {Map<string, Cell>} */
    this.cells = new Map();
    /** Names of communities and all above. @type {Record<string, string>} */
    this.areas = {};
    this.topology = new Topology();
    /** Figures beyond households, once they are known. @type {{overall: any, cells: Record<string, any>}|null} */
    this.metrics = null;
    this.busy = false;
  }

  get id() {
    return this.entry.id;
  }

  get drawable() {
    return this.entry.status === "draft";
  }

  /** Fetch what it is now. */
  async load() {
    const [entry, found] = await Promise.all([ask(this.url), ask(`${this.url}?as=geojson`)]);
    // Between the two somebody may have drawn: the next edit would tell.
    this.entry = entry;
    this.fill(found.features, found.areas);
  }

  /** @param {any[]} features  of cells @param {Record<string, string>} areas  names of what is above them */
  fill(features, areas) {
    this.areas = areas;
    this.cells = new Map();
    this.topology = new Topology();
    for (const feature of features) this.put(feature);
  }

  /** Measure everything: rounds, compactness, barriers. */
  async weigh() {
    this.metrics = await ask(`${this.url}/metrics`);
  }

  /** @param {any} feature */
  put({ properties, geometry }) {
    const rings = ringsOf(geometry);
    /** @type {Cell} */
    const cell = { ...properties, geometry, rings, box: boxOf(rings.flat()) };
    this.cells.set(cell.code, cell);
    this.topology.put(cell.code, rings);
  }

  /** Carry out one edit. @param {any} body @returns {Promise<any>} the service's answer */
  async edit(body) {
    const said = await this.carry("edits", body);
    const above = (/** @type {Cell} */ cell) => !(cell.community in this.areas);
    if (body.cell?.length < 15 || [...this.cells.values()].some(above)) await this.load();
    return said;
  }

  /** Have faults mended. @param {string[]} repairs  ids of problems @returns {Promise<any>} */
  async repair(repairs) {
    const said = await this.carry("repairs", { repairs });
    // A repair may found or empty areas above the cells.
    await this.load();
    return said;
  }

  /** Have the service change the plan, and change it here as it says. @param {string} how @param {any} body */
  async carry(how, body) {
    return this.alone(async () => {
      const said = await ask(`${this.url}/${how}`, "POST", body, this.matching());
      for (const code of said.removed) {
        this.cells.delete(code);
        this.topology.drop(code);
      }
      for (const feature of said.changed.features) this.put(feature);
      this.reweigh(said.metrics_change);
      const changed = { revision: said.revision, changed_at: new Date().toISOString() };
      this.entry = { ...this.entry, ...changed, can_undo: true, can_redo: false };
      return said;
    });
  }

  /** What an edit's answer says of the figures. @param {any} change */
  reweigh(change) {
    if (!this.metrics) return;
    this.metrics.overall = change.overall.after;
    for (const [code, { after }] of Object.entries(change.cells)) {
      if (after) this.metrics.cells[code] = after;
      else delete this.metrics.cells[code];
    }
  }

  async undo() {
    return this.alone(async () => {
      await ask(`${this.url}/edits/last`, "DELETE", undefined, this.matching());
      await this.load();
    });
  }

  async redo() {
    return this.alone(async () => {
      await ask(`${this.url}/edits/redo`, "POST", undefined, this.matching());
      await this.load();
    });
  }

  /** Take over cells that were drawn automatically. @param {string} url  of one answer */
  async adopt(url) {
    return this.alone(async () => {
      await ask(url, "POST", undefined, this.matching());
      await this.load();
    });
  }

  /** The revision that the reader saw. */
  matching() {
    return { headers: { "if-match": `"${this.entry.revision}"` } };
  }

  /** One change after the other. @template T @param {() => Promise<T>} act @returns {Promise<T>} */
  async alone(act) {
    if (this.busy) throw new Busy();
    this.busy = true;
    try {
      return await act();
    } finally {
      this.busy = false;
    }
  }

  get households() {
    let sum = 0;
    for (const cell of this.cells.values()) sum += cell.households;
    return sum;
  }

  get mean() {
    return this.cells.size ? this.households / this.cells.size : 0;
  }

  /** How far a cell is from the mean, as a share of it. @param {Cell} cell @param {number} [mean] */
  deviation(cell, mean = this.mean) {
    return mean ? cell.households / mean - 1 : 0;
  }

  /** The cell that holds a place. @param {number} lon @param {number} lat */
  at(lon, lat) {
    for (const cell of this.cells.values()) {
      const [west, south, east, north] = cell.box;
      if (lon < west || lon > east || lat < south || lat > north) continue;
      if (holds(cell.rings, lon, lat)) return cell;
    }
    return null;
  }

  /** What an area is called. @param {string} code */
  name(code) {
    return this.cells.get(code)?.name ?? this.areas[code] ?? code;
  }

  /** Cells by community, both in the order of their codes. */
  communities() {
    /** @type {Map<string, Cell[]>} */
    const found = new Map();
    for (const code of [...this.cells.keys()].sort()) {
      const cell = this.cells.get(code);
      if (!found.has(cell.community)) found.set(cell.community, []);
      found.get(cell.community).push(cell);
    }
    return found;
  }
}

/** A change is still on its way. */
export class Busy extends Error {}
