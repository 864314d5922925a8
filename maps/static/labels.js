// SPDX-License-Identifier: Apache-2.0
// Names on the map: subdistricts, communities, rivers, main streets. The weightier name takes the
// place; what would touch it stays away.

import { Sheet, unit } from "./ground.js";

const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';

/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} lon
 * @property {number} lat
 * @property {number} size     px on a 1920 pixel wide screen
 * @property {string} color
 * @property {number} from     least zoom
 * @property {number} [until]  greatest zoom
 * @property {string} [spacing]
 * @property {[number, number][][]} [lines] follows one of these, WGS-84
 */

export class Labels {
  /**
   * @param {any} map
   * @param {import("./ground.js").Ground} ground
   * @param {() => number[][]} reserved  what names keep clear of: left, top, right, bottom
   * @param {() => Label[]} [own]  what the page writes itself: weightier than streets and rivers
   */
  constructor(map, ground, reserved, own = () => []) {
    this.reserved = reserved;
    this.own = own;
    this.ground = ground;
    /** @type {Label[]} */
    this.labels = [];
    this.sheet = new Sheet(map, "labels", 450, (pen) => this.draw(pen));
  }

  /** Read the names of the layers that are there now. */
  read() {
    const { data } = this.ground;
    const labels = this.own();
    for (const { properties } of data.subdistricts?.features ?? []) {
      labels.push(named(properties, { size: 17, color: "#b9cddd", from: 0, until: 14.6, spacing: "0.22em" }));
    }
    for (const { properties } of data.communities?.features ?? []) {
      labels.push(named(properties, { size: 12.5, color: "#8ea6b9", from: 13.1, until: 17 }));
    }
    for (const { properties, geometry } of data.water?.features ?? []) {
      const lines = rings(geometry);
      labels.push({ text: properties.name, size: 12, color: "#5f93bd", from: 12, lon: 0, lat: 0, lines, spacing: "0.3em" });
    }
    for (const { properties, geometry } of data.streets?.features ?? []) {
      const from = { main: 13.6, secondary: 15.2, rural: 14.5 }[properties.kind] ?? 16.2;
      const lines = geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
      labels.push({ text: properties.name, size: 11, color: "#758ca0", from, lon: 0, lat: 0, lines });
    }
    for (const { properties } of data.cells?.features ?? []) {
      const short = properties.name.replace(/^.*(第.+网格)$/, "$1");
      labels.push(named({ ...properties, name: short }, { size: 10.5, color: "#6f879b", from: 15.4 }));
    }
    this.labels = labels;
    this.sheet.redraw();
  }

  /** @param {CanvasRenderingContext2D} pen */
  draw(pen) {
    const zoom = this.ground.scale();
    const size = this.sheet.map.getSize();
    const px = unit();
    const taken = [...this.reserved()];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const label of this.labels) {
      if (zoom < label.from || zoom > (label.until ?? 99) || !label.text) continue;
      pen.font = `500 ${label.size * px}px ${FONT}`;
      pen.letterSpacing = label.spacing ?? "0.04em";
      const width = pen.measureText(label.text).width;
      const place = label.lines
        ? along(this.sheet, label.lines, width * 1.15, size)
        : { ...this.sheet.at(label.lon, label.lat), angle: 0 };
      if (!place) continue;
      const { x, y, angle } = place;
      if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
      const wide = Math.abs(Math.cos(angle)) * width + Math.abs(Math.sin(angle)) * label.size * px;
      const high = Math.abs(Math.sin(angle)) * width + Math.abs(Math.cos(angle)) * label.size * px;
      const box = [x - wide / 2 - 3 * px, y - high / 2 - 3 * px, x + wide / 2 + 3 * px, y + high / 2 + 3 * px];
      if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) continue;
      taken.push(box);
      pen.save();
      pen.translate(x, y);
      pen.rotate(angle);
      pen.strokeStyle = "rgba(9, 15, 22, 0.85)";
      pen.lineWidth = 3 * px;
      pen.strokeText(label.text, 0, 0);
      pen.fillStyle = label.color;
      pen.fillText(label.text, 0, 0);
      pen.restore();
    }
  }
}

/**
 * @param {any} properties
 * @param {any} look
 * @returns {Label}
 */
function named(properties, look) {
  return { text: properties.name, lon: properties.label[0], lat: properties.label[1], ...look };
}

/** The outer rings of a polygon, to write a river's name along. */
function rings(geometry) {
  if (geometry.type === "Polygon") return [geometry.coordinates[0]];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.map((part) => part[0]);
  return [];
}

/**
 * The straightest stretch of any of the lines on screen that is as long as the text.
 * @param {Sheet} sheet
 * @param {[number, number][][]} lines
 * @param {number} width
 * @param {{x: number, y: number}} size
 */
function along(sheet, lines, width, size) {
  let best = null;
  for (const line of lines) {
    const points = line.map(([lon, lat]) => sheet.at(lon, lat));
    for (let i = 0; i < points.length - 1; i += 1) {
      let length = 0;
      for (let j = i + 1; j < points.length; j += 1) {
        length += Math.hypot(points[j].x - points[j - 1].x, points[j].y - points[j - 1].y);
        if (length < width) continue;
        const [a, b] = [points[i], points[j]];
        const straight = Math.hypot(b.x - a.x, b.y - a.y) / length;
        const x = (a.x + b.x) / 2;
        const y = (a.y + b.y) / 2;
        const seen = x > 0 && y > 0 && x < size.x && y < size.y;
        if (seen && straight > 0.93 && (!best || straight > best.straight)) {
          let angle = Math.atan2(b.y - a.y, b.x - a.x);
          if (angle > Math.PI / 2) angle -= Math.PI;
          if (angle < -Math.PI / 2) angle += Math.PI;
          best = { x, y, angle, straight };
        }
        break;
      }
    }
  }
  return best;
}
