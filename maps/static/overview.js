// SPDX-License-Identifier: Apache-2.0
// The whole district in a corner: where the large map looks, and what happens outside of it.

import { unit } from "./ground.js";

const COLOR = { fresh: "#5fd0b5", engaged: "#74aaff", stale: "#b08d4c", unseen: "#b08d4c" };
const FLAG = { emergency: "#ff5a45", urgent: "#f2a03d", normal: "#d9d4c5" };

const DRILL = "#c9a2ff";

export class Overview {
  /**
   * @param {any} map
   * @param {import("./ground.js").Ground} ground
   * @param {import("./store.js").Store} store
   * @param {HTMLCanvasElement} canvas
   */
  constructor(map, ground, store, canvas) {
    this.map = map;
    this.ground = ground;
    this.store = store;
    this.canvas = canvas;
    this.ready = false;
    map.on("moveend zoomend resize", () => this.draw());
    canvas.addEventListener("click", (event) => {
      if (!this.ready) return;
      map.panTo(this.place(event.offsetX, event.offsetY));
    });
  }

  /** The ground has come: draw what does not move, once. */
  read() {
    const outline = this.ground.data.subdistricts?.features ?? [];
    const box = [180, 90, -180, -90];
    for (const feature of outline) {
      for (const line of lines(feature.geometry)) {
        for (const [lon, lat] of line) {
          box[0] = Math.min(box[0], lon);
          box[1] = Math.min(box[1], lat);
          box[2] = Math.max(box[2], lon);
          box[3] = Math.max(box[3], lat);
        }
      }
    }
    if (!outline.length) return;
    this.box = box;
    this.ready = true;
    this.draw();
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const squash = Math.cos((((this.box[1] + this.box[3]) / 2) * Math.PI) / 180);
    const pad = 4 * unit();
    this.perLat = Math.min(
      (width - 2 * pad) / ((this.box[2] - this.box[0]) * squash),
      (height - 2 * pad) / (this.box[3] - this.box[1]),
    );
    this.perLon = this.perLat * squash;
    this.left = (width - (this.box[2] - this.box[0]) * this.perLon) / 2;
    this.top = (height - (this.box[3] - this.box[1]) * this.perLat) / 2;
    return ratio;
  }

  at(lon, lat) {
    return [
      this.left + (lon - this.box[0]) * this.perLon,
      this.top + (this.box[3] - lat) * this.perLat,
    ];
  }

  place(x, y) {
    return [
      this.box[3] - (y - this.top) / this.perLat,
      this.box[0] + (x - this.left) / this.perLon,
    ];
  }

  draw() {
    if (!this.ready) return;
    const ratio = this.fit();
    const pen = this.canvas.getContext("2d");
    const px = unit();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    const { subdistricts, water } = this.ground.data;
    this.fill(pen, subdistricts, "#142231", "rgba(143,180,208,.5)", 0.8 * px);
    this.fill(pen, water, "#1f4565", null, 0);
    const engaged = this.store.engaged();
    for (const [worker, position] of this.store.all("positions")) {
      const [x, y] = this.at(position.lon, position.lat);
      pen.fillStyle = COLOR[this.store.stateOf(worker, engaged)];
      pen.beginPath();
      pen.arc(x, y, 1.5 * px, 0, 7);
      pen.fill();
    }
    this.frame(pen, px);
    for (const incident of this.store.incidents().reverse()) {
      if (typeof incident.lon !== "number") continue;
      const [x, y] = this.at(incident.lon, incident.lat);
      pen.fillStyle = FLAG[incident.severity];
      pen.strokeStyle = "#090f16";
      pen.lineWidth = px;
      pen.beginPath();
      pen.arc(x, y, 3.6 * px, 0, 7);
      if (incident.origin === "drill") {
        // Hollow: nothing happens there.
        pen.strokeStyle = DRILL;
        pen.lineWidth = 1.6 * px;
      } else {
        pen.fill();
      }
      pen.stroke();
    }
    this.names(pen, subdistricts, px);
  }

  fill(pen, layer, color, border, width) {
    for (const feature of layer?.features ?? []) {
      pen.beginPath();
      for (const line of lines(feature.geometry)) {
        line.forEach(([lon, lat], i) => {
          const [x, y] = this.at(lon, lat);
          if (i) pen.lineTo(x, y);
          else pen.moveTo(x, y);
        });
        pen.closePath();
      }
      pen.fillStyle = color;
      pen.fill();
      if (border) {
        pen.strokeStyle = border;
        pen.lineWidth = width;
        pen.stroke();
      }
    }
  }

  /** The part that the large map shows. */
  frame(pen, px) {
    const bounds = this.map.getBounds();
    const [x0, y0] = this.at(bounds.getWest(), bounds.getNorth());
    const [x1, y1] = this.at(bounds.getEast(), bounds.getSouth());
    pen.strokeStyle = "rgba(232,238,244,.75)";
    pen.lineWidth = px;
    pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }

  names(pen, layer, px) {
    const bounds = this.map.getBounds();
    pen.font = `500 ${11 * px}px sans-serif`;
    pen.textAlign = "center";
    pen.fillStyle = "#d3dee8";
    pen.strokeStyle = "rgba(9, 15, 22, 0.9)";
    pen.lineWidth = 3 * px;
    pen.lineJoin = "round";
    const taken = [];
    for (const { properties } of layer?.features ?? []) {
      const [lon, lat] = properties.label;
      // Those in view are named on the large map.
      if (bounds.contains([lat, lon])) continue;
      const [x, y] = this.at(lon, lat);
      const half = pen.measureText(properties.name).width / 2;
      if (taken.some(([a, b, reach]) => Math.abs(a - x) < reach + half && Math.abs(b - y) < 14 * px)) {
        continue;
      }
      taken.push([x, y, half]);
      pen.strokeText(properties.name, x, y);
      pen.fillText(properties.name, x, y);
    }
  }
}

function lines(geometry) {
  if (geometry.type === "Polygon") return geometry.coordinates;
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return [];
}
