// SPDX-License-Identifier: Apache-2.0
// The places of a call on the map: candidates by number, the pin that wins, and who is near.

/* global L */
import { element } from "./patrol_words.js";

const CLOSE = 17;
const NEAR_STYLE = { color: "#5fd0b5", weight: 1.5, dashArray: "2 5", opacity: 0.9, interactive: false };

export class Spots {
  /**
   * @param {any} map
   * @param {{choose: (n: number) => void, pinned: (lon: number, lat: number) => void,
   *   leave: () => void}} hooks
   */
  constructor(map, hooks) {
    this.map = map;
    this.hooks = hooks;
    this.candidates = L.layerGroup().addTo(map);
    this.people = L.layerGroup().addTo(map);
    /** @type {any} */
    this.pinMark = null;
    const box = map.getContainer();
    map.on("click", (event) => hooks.pinned(event.latlng.lng, event.latlng.lat));
    box.addEventListener("focus", () => document.body.classList.add("pinning"));
    box.addEventListener("blur", () => document.body.classList.remove("pinning"));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        const { lat, lng } = map.getCenter();
        hooks.pinned(lng, lat);
      } else if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      hooks.leave();
    });
  }

  /** @param {any[]} found @param {number} chosen */
  show(found, chosen) {
    this.candidates.clearLayers();
    found.forEach((one, n) => {
      const body = element("b", String(n + 1), n === chosen ? "spot chosen" : "spot");
      const icon = L.divIcon({ html: body, className: "spot-mark", iconSize: [0, 0] });
      const mark = L.marker([one.lat, one.lon], {
        icon, keyboard: false, zIndexOffset: n === chosen ? 2000 : 1000 - n,
      });
      mark.on("click", () => this.hooks.choose(n));
      mark.addTo(this.candidates);
    });
  }

  /** @param {number} lon @param {number} lat */
  pin(lon, lat) {
    if (!this.pinMark) {
      const icon = L.divIcon({ html: element("b", "", "pin"), className: "spot-mark", iconSize: [0, 0] });
      this.pinMark = L.marker([lat, lon], {
        icon, draggable: true, keyboard: false, autoPan: true, zIndexOffset: 3000,
      });
      this.pinMark.on("dragend", () => {
        const { lng, lat: north } = this.pinMark.getLatLng();
        this.hooks.pinned(lng, north);
      });
      this.pinMark.addTo(this.map);
    }
    this.pinMark.setLatLng([lat, lon]);
  }

  unpin() {
    this.pinMark?.remove();
    this.pinMark = null;
  }

  /**
   * Lines from a place to those who are near, in their order.
   * @param {{lon: number, lat: number}} place
   * @param {{lon: number, lat: number}[]} people
   */
  near(place, people) {
    this.people.clearLayers();
    people.forEach((one, n) => {
      L.polyline([[place.lat, place.lon], [one.lat, one.lon]], NEAR_STYLE).addTo(this.people);
      const icon = L.divIcon({
        html: element("b", String(n + 1), "rank"), className: "spot-mark", iconSize: [0, 0],
      });
      L.marker([one.lat, one.lon], { icon, interactive: false, keyboard: false }).addTo(this.people);
    });
  }

  clear() {
    this.candidates.clearLayers();
    this.people.clearLayers();
    this.unpin();
  }

  /** Look at places between the panels. @param {{lon: number, lat: number}[]} places */
  look(places) {
    if (!places.length) return;
    const bounds = L.latLngBounds(places.map(({ lon, lat }) => [lat, lon]));
    this.map.fitBounds(bounds, { ...margins(70), maxZoom: CLOSE, animate: false });
  }
}

/**
 * What the panels cover, as Leaflet's paddings.
 * @param {number} [room]
 */
export function margins(room = 0) {
  const side = (/** @type {string} */ name) => document.querySelector(name).getBoundingClientRect();
  const top = side(".bar").bottom;
  return {
    paddingTopLeft: [side(".left").right + room, top + room],
    paddingBottomRight: [innerWidth - side(".right").left + room, room],
  };
}
