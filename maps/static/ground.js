// SPDX-License-Identifier: Apache-2.0
// The ground: fetches the layers that folium declared, in their order, and keeps their lines as wide
// as the zoom and the screen ask for.

/* global L */

const CHANGED = getComputedStyle(document.documentElement).getPropertyValue("--urgent").trim();

/**
 * Pixels of this screen for one pixel of a 1920 pixel wide one.
 */
export function unit() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/**
 * @param {[number, number][]} width
 * @param {number} zoom
 */
function widthAt(width, zoom) {
  if (zoom <= width[0][0]) return width[0][1];
  for (let i = 1; i < width.length; i += 1) {
    const [[z0, w0], [z1, w1]] = [width[i - 1], width[i]];
    if (zoom <= z1) return w0 + ((w1 - w0) * (zoom - z0)) / (z1 - z0);
  }
  return width[width.length - 1][1];
}

export class Ground {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    /** @type {any[]} */
    this.layers = map.ground ?? [];
    /** GeoJSON by layer name, for labels and the overview. @type {Record<string, any>} */
    this.data = {};
    /** Cells where somebody has checked in today. @type {Set<string>} */
    this.covered = new Set();
    /** Cells that a day looked at ahead changes. @type {Set<string>} */
    this.changed = new Set();
    /** @type {Set<any>} */
    this.fetching = new Set();
    /** Called whenever layers have come. */
    this.drawn = () => {};
    /** Resolves when the first layers are there. @type {Promise<void>} */
    this.first = new Promise((done) => {
      this.firstCame = done;
    });
    map.on("zoomend", () => this.zoomed());
  }

  /** Fetch every layer that this zoom shows and draw it. */
  async load() {
    const due = this.layers.filter(
      (layer) => !this.fetching.has(layer) && this.scale() >= layer.wangge.leastZoom,
    );
    if (!due.length) return;
    for (const layer of due) this.fetching.add(layer);
    const found = await Promise.all(
      due.map(async (layer) => {
        const answer = await fetch(layer.wangge.url);
        if (!answer.ok) throw new Error(`${layer.wangge.url}: ${answer.status}`);
        return answer.json();
      }),
    );
    due.forEach((layer, i) => {
      this.data[layer.wangge.name] = found[i];
      layer.options.style = (feature) => this.style(layer, feature);
      layer.addData(found[i]);
      layer.addTo(this.map);
    });
    // Those that came late lie below what was declared after them.
    if (due.length < this.layers.length) for (const layer of this.layers) layer.bringToFront();
    this.outline(this.changed);
    this.drawn();
    this.firstCame();
  }

  /** Zoom as a 1920 pixel wide screen would have it for the same picture. */
  scale() {
    return this.map.getZoom() - Math.log2(unit());
  }

  style(layer, feature) {
    const { styles, name } = layer.wangge;
    const { width, ...style } = styles[feature.properties.kind] ?? styles[""];
    const made = { ...style };
    if (width) made.weight = widthAt(width, this.scale()) * unit();
    if (name === "cells" && this.covered.has(feature.properties.code)) made.fillOpacity = 0.22;
    if (name === "cells" && this.changed.has(feature.properties.code)) {
      const outline = { color: CHANGED, weight: 2 * unit(), opacity: 1 };
      Object.assign(made, outline, { fillColor: CHANGED, fillOpacity: 0.12 });
    }
    return made;
  }

  /**
   * Light the cells where somebody has checked in today.
   * @param {Iterable<string>} cells
   */
  cover(cells) {
    const before = this.covered;
    this.covered = new Set(cells);
    const layer = this.layers.find((found) => found.wangge.name === "cells");
    layer?.eachLayer((path) => {
      const { code } = path.feature.properties;
      if (before.has(code) !== this.covered.has(code)) {
        path.setStyle(this.style(layer, path.feature));
      }
    });
  }

  /** Outline the cells that a day looked at ahead changes. @param {Set<string>} cells */
  outline(cells) {
    this.changed = cells;
    if (!cells.size) return;
    const layer = this.layers.find((found) => found.wangge.name === "cells");
    layer?.eachLayer((path) => {
      path.setStyle(this.style(layer, path.feature));
      // Its neighbours share the border, and would be drawn over it.
      if (cells.has(path.feature.properties.code)) path.bringToFront();
    });
  }

  zoomed() {
    this.load().catch((error) => console.error(error));
    for (const layer of this.layers) {
      const shown = this.scale() >= layer.wangge.leastZoom;
      if (!this.fetching.has(layer)) continue;
      if (!shown) layer.remove();
      else if (!this.map.hasLayer(layer) && this.data[layer.wangge.name]) {
        layer.addTo(this.map);
        for (const other of this.layers) other.bringToFront();
      }
      layer.setStyle((feature) => this.style(layer, feature));
    }
    this.outline(this.changed);
  }
}

/**
 * A canvas over the map that is drawn anew when the map comes to rest, and on demand.
 */
export class Sheet {
  /**
   * @param {any} map
   * @param {string} name
   * @param {number} zIndex
   * @param {(pen: CanvasRenderingContext2D, sheet: Sheet) => void} draw
   */
  constructor(map, name, zIndex, draw) {
    this.map = map;
    this.draw = draw;
    const pane = map.createPane(name);
    pane.style.zIndex = String(zIndex);
    pane.style.pointerEvents = "none";
    this.canvas = L.DomUtil.create("canvas", `sheet ${name} leaflet-zoom-hide`, pane);
    this.pen = this.canvas.getContext("2d");
    // The first of these comes when the page shows its first place.
    map.on("moveend zoomend resize viewreset", () => this.settle());
  }

  /** Cover the window again, then draw. */
  settle() {
    const { x, y } = this.map.getSize();
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== x * ratio || this.canvas.height !== y * ratio) {
      this.canvas.width = x * ratio;
      this.canvas.height = y * ratio;
      this.canvas.style.width = `${x}px`;
      this.canvas.style.height = `${y}px`;
    }
    L.DomUtil.setPosition(this.canvas, this.map.containerPointToLayerPoint([0, 0]));
    this.redraw();
  }

  redraw() {
    const { x, y } = this.map.getSize();
    const ratio = window.devicePixelRatio || 1;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, x, y);
    this.draw(this.pen, this);
  }

  /**
   * Where a place is on this canvas.
   * @param {number} lon
   * @param {number} lat
   * @returns {{x: number, y: number}}
   */
  at(lon, lat) {
    return this.map.latLngToContainerPoint([lat, lon]);
  }
}
