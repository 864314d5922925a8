// SPDX-License-Identifier: Apache-2.0
// Why a check-in was judged as it was, drawn on the map: to scale, and with words where they belong.

/* global L */

import { unit } from "./ground.js";
import { distance, element } from "./patrol_words.js";
import { t } from "./words.js";

const INK = "#dcebf7";
const INSIDE = "#5fd0b5";
const BEYOND = "#e8704f";
const COLORS = { inside: INSIDE, uncertain: "#e3b341", outside: BEYOND };
const CHECKPOINT = "#74aaff";
const READ = "#d79bff";
const GAP = 9;
const MOST_ROUND = 64;
const MOST_ROUNDS = 10;

/**
 * @typedef {object} Label
 * @property {HTMLElement} box
 * @property {[number, number][]} at   longitude, latitude: the first of these with room takes it
 * @property {boolean} [centred]       upon its place, not beside it
 * @property {number} [clear]          metres round the place to keep clear of
 * @property {boolean} [optional]      left out where no room is
 */

export class Scene {
  /**
   * @param {any} map
   * @param {any} page
   */
  constructor(map, page) {
    this.map = map;
    this.page = page;
    const pane = map.createPane("scene");
    pane.style.zIndex = "430";
    this.renderer = L.svg({ pane: "scene", padding: 0.5 });
    this.words = map.createPane("words");
    this.words.style.zIndex = "640";
    this.words.style.pointerEvents = "none";
    /** @type {Label[]} */
    this.labels = [];
    this.draw();
    this.arrow = L.layerGroup().addTo(map);
    map.on("zoomend moveend resize viewreset", () => this.settle());
    map.on("zoomstart", () => this.words.classList.add("away"));
    L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  }

  /** @param {any} shape @param {any} style */
  area(shape, style) {
    if (!shape) return;
    const drawn = { pane: "scene", renderer: this.renderer, interactive: false };
    L.geoJSON(shape, { ...drawn, style: { ...drawn, ...style } }).addTo(this.map);
  }

  /** @param {[number, number][]} places longitude, latitude @param {any} style */
  line(places, style) {
    const drawn = { pane: "scene", renderer: this.renderer, interactive: false };
    L.polyline(places.map(([lon, lat]) => [lat, lon]), { ...drawn, ...style }).addTo(this.map);
  }

  /** @param {number} lon @param {number} lat @param {number} radius metres @param {any} style */
  circle(lon, lat, radius, style) {
    const drawn = { pane: "scene", renderer: this.renderer, interactive: false, radius };
    L.circle([lat, lon], { ...drawn, ...style }).addTo(this.map);
  }

  /** @param {number} lon @param {number} lat @param {any} style */
  dot(lon, lat, style) {
    const drawn = { pane: "scene", renderer: this.renderer, interactive: false, fillOpacity: 1 };
    L.circleMarker([lat, lon], { ...drawn, ...style }).addTo(this.map);
  }

  draw() {
    const { scene, check_in: said } = this.page;
    const px = unit();
    for (const cell of scene.neighbours) {
      this.area(cell.boundary, { color: "#8fb4d0", opacity: 0.5, weight: 1.2 * px, fill: false });
    }
    if (scene.cell) {
      this.area(scene.cell.boundary, {
        color: INK, opacity: 0.95, weight: 2.6 * px, fillColor: "#8fd0ea", fillOpacity: 0.1,
      });
    }
    const color = COLORS[said.verdict] ?? INK;
    this.area(scene.beyond, { stroke: false, fillColor: BEYOND, fillOpacity: 0.34 });
    this.area(scene.inside, { stroke: false, fillColor: INSIDE, fillOpacity: 0.36 });
    const kept = said.lon !== null;
    if (kept) {
      this.circle(said.lon, said.lat, scene.radius_95_m, {
        color, weight: 1.8 * px, opacity: 0.95, fill: false,
      });
    }
    const site = scene.checkpoint;
    if (site) {
      this.circle(site.lon, site.lat, site.radius_m, {
        color: CHECKPOINT, weight: 1.6 * px, dashArray: "5 4", fillColor: CHECKPOINT, fillOpacity: 0.1,
      });
      if (kept) {
        this.line([[said.lon, said.lat], [site.lon, site.lat]], {
          color: CHECKPOINT, weight: 1.8 * px, dashArray: "2 5",
        });
      }
    }
    if (scene.to_border) {
      this.line(scene.to_border.coordinates, { color: INK, weight: 1.8 * px, dashArray: "7 5" });
      const [lon, lat] = scene.to_border.coordinates.at(-1);
      this.dot(lon, lat, { radius: 3 * px, fillColor: INK, stroke: false });
    }
    const read = scene.reading;
    if (read) {
      this.circle(read.lon, read.lat, scene.radius_95_m, {
        color: READ, weight: 1.6 * px, dashArray: "4 4", fillColor: READ, fillOpacity: 0.1,
      });
      this.dot(read.lon, read.lat, { radius: 5 * px, color: READ, weight: 2 * px, fillColor: "#090f16" });
    }
    if (site) this.dot(site.lon, site.lat, { radius: 5 * px, color: "#090f16", weight: 2 * px, fillColor: CHECKPOINT });
    if (kept) this.dot(said.lon, said.lat, { radius: 6 * px, color: "#090f16", weight: 2.5 * px, fillColor: color });
  }

  /** Words for everything that is drawn, in the order in which they take their place. */
  speak() {
    const { scene, check_in: said } = this.page;
    /** @type {Label[]} */
    const labels = [];
    const add = (text, kind, at, more = {}) => {
      const box = element("span", text, kind);
      labels.push({ box, at, ...more });
      return box;
    };
    if (said.lon !== null) add(t("point"), "point", [[said.lon, said.lat]], { clear: scene.radius_95_m });
    if (scene.to_border) {
      const m = Math.abs(said.distance_to_border_m ?? 0);
      const text = t("to_border", { distance: distance(m) });
      add(text, "border", along(scene.to_border.coordinates));
    }
    if (scene.checkpoint) {
      const { lon, lat, name, radius_m } = scene.checkpoint;
      const text = t("within", { name, radius: distance(radius_m) });
      add(text, "site", [[lon, lat]], { clear: radius_m });
      if (said.lon !== null && said.distance_to_checkpoint_m > radius_m / 2) {
        const far = t("to_checkpoint", { distance: distance(said.distance_to_checkpoint_m) });
        add(far, "site", along([[said.lon, said.lat], [lon, lat]]));
      }
    }
    if (scene.reading) {
      const { lon, lat, hypothesis, shift_m, bearing_deg } = scene.reading;
      const system = t(`system.${hypothesis}`);
      const fields = { system, distance: distance(shift_m), bearing: bearing_deg };
      add(t("read_as", fields), "read", [...along([[said.lon, said.lat], [lon, lat]]), [lon, lat]]);
    }
    for (const cell of [...(scene.cell ? [scene.cell] : []), ...scene.neighbours]) {
      const own = cell === scene.cell;
      const box = add(cell.name, own ? "cell own" : "cell", [cell.label, ...this.spots(cell)], {
        centred: true, optional: !own,
      });
      box.append(element("small", cell.code));
    }
    this.labels = labels;
    this.words.replaceChildren(...labels.map((label) => label.box));
    this.settle();
  }

  /**
   * Places in a cell where its name could stand.
   * @param {any} cell
   * @returns {[number, number][]}
   */
  spots(cell) {
    const [ring] = cell.boundary.type === "Polygon" ? cell.boundary.coordinates : cell.boundary.coordinates[0];
    const [lon, lat] = cell.label;
    // Towards its corners: where the middle is out of sight a part of it may still be seen.
    const step = Math.max(1, Math.floor(ring.length / 24));
    return ring
      .filter((_, i) => i % step === 0)
      .flatMap(([x, y]) => [0.5, 0.75].map((part) => [lon + (x - lon) * part, lat + (y - lat) * part]));
  }

  /** Give each label a place that touches no other; hide those for which there is none. */
  settle() {
    this.words.classList.remove("away");
    const size = this.map.getSize();
    const origin = this.map.containerPointToLayerPoint([0, 0]);
    const at = ([lon, lat]) => this.map.latLngToContainerPoint([lat, lon]);
    const { check_in: said } = this.page;
    /** @type {number[][]} */
    const taken = [...this.reserved()];
    if (said.lon !== null) {
      const me = at([said.lon, said.lat]);
      taken.push([me.x - 8, me.y - 8, me.x + 8, me.y + 8]);
    }
    if (this.page.scene.checkpoint) {
      const { lon, lat } = this.page.scene.checkpoint;
      const site = at([lon, lat]);
      taken.push([site.x - 7, site.y - 7, site.x + 7, site.y + 7]);
    }
    for (const { box, at: places, centred, clear = 0, optional } of this.labels) {
      const { offsetWidth: w, offsetHeight: h } = box;
      const round = clear * this.pixels();
      // Beside its circle, or beside its dot where the circle is large.
      const gap = GAP + (round < MOST_ROUND ? round : 2);
      const free = ([left, top]) => {
        const right = left + w;
        const bottom = top + h;
        if (left < 6 || top < 6 || right > size.x - 6 || bottom > size.y - 6) return false;
        return !taken.some((b) => left < b[2] + 3 && right > b[0] - 3 && top < b[3] + 2 && bottom > b[1] - 2);
      };
      let chosen = null;
      for (const place of places) {
        const { x, y } = at(place);
        const corners = centred
          ? [[x - w / 2, y - h / 2]]
          : [
              [x + gap, y - h / 2], [x - gap - w, y - h / 2],
              [x - w / 2, y - gap - h], [x - w / 2, y + gap],
              [x + gap * 0.7, y - gap * 0.7 - h], [x + gap * 0.7, y + gap * 0.7],
              [x - gap * 0.7 - w, y - gap * 0.7 - h], [x - gap * 0.7 - w, y + gap * 0.7],
            ];
        chosen = corners.find(free);
        if (chosen) break;
      }
      if (!chosen && !optional && !centred) {
        // Farther and farther round its place; where nothing is free the panel says it, too.
        chosen = around(at(places[0]), w, h).find(free);
      }
      box.classList.toggle("unseen", !chosen);
      if (!chosen) continue;
      taken.push([chosen[0], chosen[1], chosen[0] + w, chosen[1] + h]);
      L.DomUtil.setPosition(box, L.point(chosen[0], chosen[1]).add(origin).round());
    }
    this.point();
  }

  /** The panels that lie over the map. */
  reserved() {
    const { left, top } = this.map.getContainer().getBoundingClientRect();
    return [...document.querySelectorAll("main, .leaflet-control-scale")].map((over) => {
      const box = over.getBoundingClientRect();
      return [box.left - left, box.top - top, box.right - left, box.bottom - top];
    });
  }

  /** Pixels of one metre. */
  pixels() {
    const { lat, lng: lon } = this.map.getCenter();
    const here = this.map.latLngToContainerPoint([lat, lon]);
    const there = this.map.latLngToContainerPoint([lat + 1e-3, lon]);
    return Math.abs(there.y - here.y) / 111.32;
  }

  /** The arrow from the point as stated to the point as read: its head is of this zoom. */
  point() {
    this.arrow.clearLayers();
    const { check_in: said, scene: { reading } } = this.page;
    if (!reading) return;
    const from = this.map.latLngToLayerPoint([said.lat, said.lon]);
    const to = this.map.latLngToLayerPoint([reading.lat, reading.lon]);
    const way = to.subtract(from);
    const length = Math.hypot(way.x, way.y);
    if (length < 30) return;
    const ahead = way.divideBy(length);
    const aside = L.point(-ahead.y, ahead.x);
    const tip = to.subtract(ahead.multiplyBy(9 * unit()));
    const back = tip.subtract(ahead.multiplyBy(11 * unit()));
    const wing = aside.multiplyBy(5 * unit());
    const drawn = { pane: "scene", renderer: this.renderer, interactive: false, color: READ };
    const place = (spot) => this.map.layerPointToLatLng(spot);
    L.polyline([place(from.add(ahead.multiplyBy(10 * unit()))), place(back)], { ...drawn, weight: 2 * unit() })
      .addTo(this.arrow);
    L.polygon([place(tip), place(back.add(wing)), place(back.subtract(wing))], {
      ...drawn, weight: 1, fillColor: READ, fillOpacity: 1,
    }).addTo(this.arrow);
  }
}

/**
 * Corners of a box that lies round a place, nearest first.
 * @param {{x: number, y: number}} place @param {number} w @param {number} h
 * @returns {[number, number][]}
 */
function around({ x, y }, w, h) {
  const found = [];
  for (let far = 1; far <= MOST_ROUNDS; far += 1) {
    for (let turn = 0; turn < 16; turn += 1) {
      const angle = (turn * Math.PI) / 8;
      const [aside, down] = [(w / 2 + far * GAP) * Math.cos(angle), (h / 2 + far * GAP) * Math.sin(angle)];
      found.push([x + aside - w / 2, y + down - h / 2]);
    }
  }
  return found;
}

/**
 * Places along a line where a label could stand, its middle first.
 * @param {[number, number][]} places
 * @returns {[number, number][]}
 */
function along(places) {
  const [[x0, y0], [x1, y1]] = [places[0], places[places.length - 1]];
  return [0.5, 0.65, 0.35, 0.8, 1].map((part) => [x0 + (x1 - x0) * part, y0 + (y1 - y0) * part]);
}
