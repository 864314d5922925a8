// SPDX-License-Identifier: Apache-2.0
// A small map of one checkpoint: where it stands, where it should, and where honest people stood.

/* global L, map_place */

import { Ground, unit } from "./ground.js";

const STANDS = "#74aaff";
const SHOULD = "#5fd0b5";
const HONEST = "#dcebf7";

export class Place {
  /** @param {HTMLElement} box  what folium drew the map in; it goes where it is shown */
  constructor(box) {
    this.box = box;
    // @ts-ignore: folium names the map.
    this.map = map_place;
    this.ground = new Ground(this.map);
    this.pane = this.map.createPane("spots");
    this.pane.style.zIndex = "440";
    this.renderer = L.svg({ pane: "spots" });
    this.drawn = L.layerGroup().addTo(this.map);
  }

  /** Show a checkpoint that may stand badly, once its box lies in the page. @param {any} one */
  show(one) {
    this.box.hidden = false;
    this.map.invalidateSize({ animate: false });
    this.drawn.clearLayers();
    const px = unit();
    const how = { pane: "spots", renderer: this.renderer, interactive: false };
    const stands = [one.lat, one.lon];
    const should = [one.suggested_lat, one.suggested_lon];
    for (const { lon, lat } of one.honest) {
      L.circleMarker([lat, lon], { ...how, radius: 4 * px, weight: 1.5 * px, color: HONEST, fill: false })
        .addTo(this.drawn);
    }
    L.polyline([stands, should], { ...how, color: SHOULD, weight: 2 * px, dashArray: "5 4" }).addTo(this.drawn);
    L.circleMarker(stands, { ...how, radius: 6 * px, weight: 2 * px, color: "#090f16", fillColor: STANDS, fillOpacity: 1 })
      .addTo(this.drawn);
    L.circleMarker(should, { ...how, radius: 6 * px, weight: 2 * px, color: "#090f16", fillColor: SHOULD, fillOpacity: 1 })
      .addTo(this.drawn);
    const spots = one.honest.map(({ lon, lat }) => [lat, lon]);
    this.map.fitBounds(L.latLngBounds([stands, should, ...spots]), { padding: [28, 28], maxZoom: 18.5, animate: false });
    this.ground.load().catch((error) => console.error(error));
  }
}
