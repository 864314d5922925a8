// SPDX-License-Identifier: Apache-2.0
// The way to an incident on the map of a worker's page: where he is, where it is, and the line
// between: along the streets where such a way is known, else straight.

/* global L */
import { unit } from "./ground.js";
import { t } from "./words.js";

// A brisk walk, in metres a second.
const WALK_MPS = 1.35;
const RADIUS_M = 6_371_000;
const OWN = "#0a58ca";

export class Way {
  /** @param {any} map @param {number[]} focus  west, south, east, north */
  constructor(map, focus) {
    this.map = map;
    this.focus = focus;
    const pane = map.createPane("way");
    pane.style.zIndex = "450";
    this.renderer = L.svg({ pane: "way", padding: 1 });
    this.drawn = L.layerGroup().addTo(map);
    /** @type {any} */
    this.own = null;
    /** @type {any} */
    this.place = null;
    /** @type {{spots: number[][], metres: number}|null} */
    this.route = null;
    this.fitted = "";
    /** The incident to which a way along the streets was last known. */
    this.led = "";
  }

  /**
   * Where the worker is, and the incident he is called to; null where unknown.
   * @param {{lon: number, lat: number, accuracy_m: number}|null} own
   * @param {{id: string, lon: number|null, lat: number|null, severity: string}|null} incident
   * @param {{spots: number[][], metres: number}|null} route  along the streets; null: straight
   */
  show(own, incident, route) {
    this.own = own;
    this.route = route;
    this.place = typeof incident?.lon === "number" ? incident : null;
    const line = { pane: "way", renderer: this.renderer, interactive: false };
    this.drawn.clearLayers();
    if (own) {
      const at = [own.lat, own.lon];
      if (own.accuracy_m < 500) {
        L.circle(at, { ...line, radius: own.accuracy_m, color: OWN, weight: 1, fillOpacity: 0.12 }).addTo(this.drawn);
      }
      if (this.place) {
        const way = [at, ...(route?.spots.map(([lon, lat]) => [lat, lon]) ?? []), [this.place.lat, this.place.lon]];
        const kind = route ? { className: "line walk" } : { className: "line", dashArray: "2 10" };
        L.polyline(way, { ...line, color: "#fff", weight: 9 * unit(), opacity: 0.9 }).addTo(this.drawn);
        L.polyline(way, { ...line, color: OWN, weight: 5 * unit(), ...kind }).addTo(this.drawn);
      }
      L.circleMarker(at, { ...line, radius: 8, color: "#fff", weight: 3, fillColor: OWN, fillOpacity: 1, className: "own" }).addTo(this.drawn);
    }
    if (this.place) {
      // Leaflet moves the outer element: the inner one is what is seen.
      const html = document.createElement("i");
      const icon = L.divIcon({ html, className: `spot ${this.place.severity}`, iconSize: [0, 0] });
      L.marker([this.place.lat, this.place.lon], { icon, interactive: false, keyboard: false }).addTo(this.drawn);
    }
    // Moves by itself only when there is something else to see: a thumb on the map is not fought.
    if (route) this.led = incident.id;
    const seen = `${incident?.id ?? ""} ${own !== null} ${this.led}`;
    if (seen !== this.fitted) this.fit();
    this.fitted = seen;
  }

  fit() {
    this.map.invalidateSize({ animate: false });
    const spots = [this.own, this.place].filter(Boolean).map(({ lon, lat }) => [lat, lon]);
    const [west, south, east, north] = this.focus;
    for (const [lon, lat] of this.route?.spots ?? []) spots.push([lat, lon]);
    const bounds = spots.length ? spots : [[south, west], [north, east]];
    this.map.fitBounds(bounds, {
      paddingTopLeft: [40, 54], paddingBottomRight: [40, 30], maxZoom: 17, animate: false,
    });
  }

  /** Metres between the two; null while one of them is unknown. */
  metres() {
    if (!this.own || !this.place) return null;
    const rad = (deg) => (deg * Math.PI) / 180;
    const x = rad(this.place.lon - this.own.lon) * Math.cos(rad((this.own.lat + this.place.lat) / 2));
    const y = rad(this.place.lat - this.own.lat);
    return Math.hypot(x, y) * RADIUS_M;
  }

  /** How far it is, in words. @param {number|null} asked  metres when he was asked */
  told(asked) {
    const metres = this.route?.metres ?? this.metres();
    if (metres === null) {
      return asked === null ? t("way.unknown") : t("way.asked", { distance: distance(asked) });
    }
    const minutes = Math.max(1, Math.round(metres / WALK_MPS / 60));
    return t(this.route ? "way.walk" : "way.straight", { distance: distance(metres), time: t("minutes", { n: minutes }) });
  }
}

/** @param {number} metres */
function distance(metres) {
  if (metres < 1000) return t("way.metres", { n: Math.round(metres / 10) * 10 || Math.round(metres) });
  return t("way.kilometres", { n: (metres / 1000).toFixed(1) });
}
