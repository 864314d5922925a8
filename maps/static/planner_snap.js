// SPDX-License-Identifier: Apache-2.0
// What a drawn line clings to: corners and borders of cells, streets and rivers in sight.

/* global L */
import { latLngs } from "./planner_layer.js";
import { boxOf } from "./planner_topology.js";

// Farther out a pixel is many metres: nothing there is worth clinging to, and there is much of it.
const FROM_ZOOM = 14;
const MOST = 1500;

export class Snap {
  /** @param {any} map @param {import("./ground.js").Ground} ground */
  constructor(map, ground) {
    this.map = map;
    this.ground = ground;
    const pane = map.createPane("snap");
    pane.style.display = "none";
    this.lines = L.layerGroup();
    this.renderer = L.canvas({ pane: "snap" });
    /** @type {import("./planner_draft.js").Plan|null} */
    this.plan = null;
    map.on("moveend", () => this.on && this.gather());
  }

  get on() {
    return this.map.hasLayer(this.lines);
  }

  /** @param {import("./planner_draft.js").Plan} plan @param {string} [without]  a border that moves itself */
  start(plan, without = "") {
    this.plan = plan;
    this.without = without;
    this.lines.addTo(this.map);
    this.gather();
  }

  stop() {
    this.lines.clearLayers();
    this.lines.remove();
  }

  gather() {
    this.lines.clearLayers();
    if (this.map.getZoom() < FROM_ZOOM) return;
    const bounds = this.map.getBounds();
    const seen = ([west, south, east, north]) =>
      east >= bounds.getWest() && west <= bounds.getEast() && north >= bounds.getSouth() && south <= bounds.getNorth();
    let many = 0;
    const add = (line) => {
      if (many >= MOST || !seen(boxOf(line))) return;
      many += 1;
      this.lines.addLayer(
        L.polyline(latLngs(line), { pmIgnore: false, snapIgnore: false, interactive: false, renderer: this.renderer, smoothFactor: 0 }),
      );
    };
    for (const border of this.plan.topology.borders()) {
      if (border.key !== this.without && seen(border.box)) border.lines.forEach(add);
    }
    for (const name of ["streets", "water", "railways"]) {
      for (const { geometry } of this.ground.data[name]?.features ?? []) linesOf(geometry).forEach(add);
    }
  }
}

/** @param {any} geometry @returns {[number, number][][]} */
function linesOf({ type, coordinates }) {
  if (type === "LineString") return [coordinates];
  if (type === "MultiLineString" || type === "Polygon") return coordinates;
  return type === "MultiPolygon" ? coordinates.flat() : [];
}
