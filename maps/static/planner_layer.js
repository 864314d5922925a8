// SPDX-License-Identifier: Apache-2.0
// A plan on the map: cells coloured by how far they are from the mean, borders by what they part.

/* global L */
import { unit } from "./ground.js";
import { provisional } from "./planner_draft.js";

// From too few households to too many, in blue and orange, that everybody can tell apart; the middle
// is close to the ground.
export const STEPS = [-0.3, -0.15, -0.05, 0.05, 0.15, 0.3];
export const COLORS = ["#58b0ff", "#3d83c7", "#34597d", "#47525e", "#8a6235", "#cb842c", "#ffb04a"];

/** @param {number} deviation  as a share of the mean */
export function colorOf(deviation) {
  const step = STEPS.findIndex((end) => deviation < end);
  return COLORS[step < 0 ? COLORS.length - 1 : step];
}

/** What a border parts: the coarser, the stronger it is drawn. */
const KINDS = {
  cell: { color: "#a9c3d8", opacity: 0.6, width: 0.9 },
  community: { color: "#e9f2f9", opacity: 0.9, width: 2.1 },
  subdistrict: { color: "#ffffff", opacity: 1, width: 3.4 },
};

/** @param {string[]} cells */
function kindOf([one, other]) {
  if (!other || one.slice(0, 9) !== other.slice(0, 9)) return "subdistrict";
  return one.slice(0, 12) === other.slice(0, 12) ? "cell" : "community";
}

/** @param {import("./planner_topology.js").Position[]} line */
export const latLngs = (line) => line.map(([lon, lat]) => [lat, lon]);

export class PlanLayer {
  /**
   * @param {any} map
   * @param {string} name  of its panes
   * @param {number} z
   */
  constructor(map, name, z) {
    this.map = map;
    this.panes = ["fill", "line", "mark"].map((part, i) => {
      const pane = map.createPane(`${name}-${part}`);
      pane.style.zIndex = String(z + i);
      pane.style.pointerEvents = "none";
      return pane;
    });
    const [fill, line, mark] = ["fill", "line", "mark"].map((part) => L.canvas({ pane: `${name}-${part}`, padding: 0.25 }));
    this.renderers = { fill, line, mark };
    this.fills = L.layerGroup().addTo(map);
    this.lines = L.layerGroup().addTo(map);
    this.marks = L.layerGroup().addTo(map);
    /** @type {Map<string, any>} */
    this.drawn = new Map();
    /** @type {import("./planner_draft.js").Plan|null} */
    this.plan = null;
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** @type {string|null} */
    this.hovered = null;
    map.on("zoomend", () => this.borders());
  }

  /** Draw a plan whole. @param {import("./planner_draft.js").Plan|null} plan */
  show(plan) {
    this.plan = plan;
    this.fills.clearLayers();
    this.drawn.clear();
    if (plan) for (const cell of plan.cells.values()) this.fill(cell);
    this.borders();
    this.mark();
  }

  /** What an edit changed; the mean may have moved with the number of cells. @param {string[]} changed */
  update(changed) {
    for (const [code, path] of this.drawn) {
      if (this.plan.cells.has(code) && !changed.includes(code)) continue;
      this.fills.removeLayer(path);
      this.drawn.delete(code);
    }
    const mean = this.plan.mean;
    for (const cell of this.plan.cells.values()) {
      if (!this.drawn.has(cell.code)) this.fill(cell);
      else this.drawn.get(cell.code).setStyle({ fillColor: colorOf(this.plan.deviation(cell, mean)) });
    }
    this.borders();
    this.mark();
  }

  /** @param {import("./planner_draft.js").Cell} cell */
  fill(cell) {
    const path = L.polygon(cell.rings.map(latLngs), {
      renderer: this.renderers.fill,
      interactive: false,
      stroke: false,
      smoothFactor: 0.4,
      fillColor: colorOf(this.plan.deviation(cell, this.plan.mean)),
      fillOpacity: 0.55,
    });
    this.drawn.set(cell.code, path);
    this.fills.addLayer(path);
  }

  /** Let cells take another shape for the moment. @param {Map<string, any[]>} shapes  rings by cell */
  bend(shapes) {
    for (const [code, rings] of shapes) this.drawn.get(code)?.setLatLngs(rings.map(latLngs));
  }

  /** Draw the borders anew. @param {string} [without]  a pair whose border is being dragged */
  borders(without = "") {
    this.lines.clearLayers();
    if (!this.plan) return;
    /** @type {Record<string, any[]>} */
    const found = { cell: [], community: [], subdistrict: [] };
    const fresh = [];
    for (const border of this.plan.topology.borders()) {
      if (border.key === without) continue;
      const lines = border.lines.map(latLngs);
      found[kindOf(border.cells)].push(...lines);
      if (border.cells.some(provisional)) fresh.push(...lines);
    }
    const grown = unit() * Math.max(0.55, Math.min(1.7, 1 + (this.map.getZoom() - 14) * 0.2));
    for (const [kind, { color, opacity, width }] of Object.entries(KINDS)) {
      this.line(found[kind], { color: "#08111b", opacity: 0.5, weight: (width + 1.6) * grown });
      this.line(found[kind], { color, opacity, weight: width * grown });
    }
    this.line(fresh, { color: "#7ff0d4", opacity: 1, weight: 1.8 * grown, dashArray: `${5 * unit()} ${4 * unit()}` });
  }

  line(lines, style) {
    if (!lines.length) return;
    this.lines.addLayer(L.polyline(lines, { renderer: this.renderers.line, interactive: false, smoothFactor: 0.4, ...style }));
  }

  /** @param {string|null} code */
  hover(code) {
    if (code === this.hovered) return;
    this.hovered = code;
    this.mark();
  }

  /** @param {Iterable<string>} codes */
  choose(codes) {
    this.chosen = new Set(codes);
    this.mark();
  }

  /** Outline what is chosen and what the pointer is over. */
  mark() {
    this.marks.clearLayers();
    const outline = (/** @type {string} */ code, style) => {
      const cell = this.plan?.cells.get(code);
      if (!cell) return;
      this.marks.addLayer(
        L.polygon(cell.rings.map(latLngs), { renderer: this.renderers.mark, interactive: false, smoothFactor: 0.4, ...style }),
      );
    };
    for (const code of this.chosen) outline(code, { color: "#ffffff", weight: 3 * unit(), fillColor: "#ffffff", fillOpacity: 0.14 });
    if (this.hovered && !this.chosen.has(this.hovered)) {
      outline(this.hovered, { color: "#ffffff", opacity: 0.75, weight: 1.6 * unit(), fillColor: "#ffffff", fillOpacity: 0.07 });
    }
  }

  /** Show only what lies within some pixels of the map; null: everything. @param {string|null} clip */
  clip(clip) {
    for (const pane of this.panes) pane.style.clip = clip ?? "";
  }
}
