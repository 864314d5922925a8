// SPDX-License-Identifier: Apache-2.0
// What is wrong with a plan: drawn on the map, listed, each a click away, mended by a button.

/* global L */
import { ask } from "./ask.js";
import { unit } from "./ground.js";
import { element } from "./patrol_words.js";
import { area } from "./planner_side.js";
import { button, row } from "./planner_tools.js";
import { t } from "./words.js";

const SHOWN = 200;

export class Problems {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    /** Features as the service has them. @type {any[]} */
    this.found = [];
    /** Which of them is looked at. @type {string|null} */
    this.chosen = null;
    const pane = desk.map.createPane("problems");
    pane.style.zIndex = "446";
    pane.style.pointerEvents = "none";
    this.renderer = L.canvas({ pane: "problems", padding: 0.25 });
    this.layer = L.layerGroup().addTo(desk.map);
  }

  /** Look the whole plan through. */
  async read() {
    const { plan } = this.desk;
    const said = await ask(`${plan.url}/problems`);
    if (this.desk.plan === plan) this.set(said.features);
  }

  /**
   * What an edit's answer says of the cells that it changed takes the place of what was known of them.
   * @param {string[]} touched @param {any[]} features
   */
  update(touched, features) {
    const codes = new Set(touched.flatMap((code) => [code, code.slice(0, 12), code.slice(0, 9), code.slice(0, 6)]));
    const known = new Set(features.map((one) => one.properties.id));
    const kept = this.found.filter(({ properties }) => !known.has(properties.id) && !properties.areas.some((code) => codes.has(code)));
    this.set([...kept, ...features]);
  }

  /** @param {any[]} features */
  set(features) {
    this.found = [...features].sort((a, b) => b.properties.size_m2 - a.properties.size_m2);
    this.draw();
    this.desk.tabs();
    if (this.desk.tab === "problems") this.show(document.getElementById("tab"));
  }

  draw() {
    this.layer.clearLayers();
    for (const feature of this.found) {
      const style = { renderer: this.renderer, interactive: false, color: "#ff6b57", weight: 2.2 * unit(), fillColor: "#ff6b57", fillOpacity: 0.6 };
      const { lon, lat, id } = feature.properties;
      // A sliver is too thin to be seen: a ring says where it is.
      const ring = { ...style, radius: (id === this.chosen ? 14 : 8) * unit(), fillOpacity: 0 };
      L.geoJSON(feature.geometry, { style: () => style, interactive: false, pointToLayer: (_, at) => L.circleMarker(at, ring) }).addTo(this.layer);
      L.circleMarker([lat, lon], ring).addTo(this.layer);
    }
  }

  /** @param {HTMLElement} box */
  show(box) {
    if (!this.found.length) {
      box.replaceChildren(element("p", t("problems.none"), "hint good"));
      return;
    }
    const able = this.found.filter(({ properties }) => properties.repair);
    const head = element("p", t("problems.say", { n: this.found.length, able: able.length }), "say");
    const list = element("ol", "", "problems");
    for (const { properties } of this.found.slice(0, SHOWN)) list.append(this.line(properties));
    const acts = this.desk.plan.drawable && able.length
      ? [row(button(t("problems.repair_all", { n: able.length }), () => this.desk.repair(able.map(({ properties }) => properties.id)), "go"))]
      : [];
    const more = this.found.length > SHOWN ? [element("p", t("problems.more", { n: this.found.length - SHOWN }), "hint")] : [];
    box.replaceChildren(head, ...acts, list, ...more);
  }

  line(problem) {
    const { plan } = this.desk;
    const item = element("li", "", problem.id === this.chosen ? "chosen" : "");
    const go = button("", () => this.go(problem), "plain");
    const names = problem.areas.slice(0, 3).map((code) => plan.name(code)).join("、") + (problem.areas.length > 3 ? "…" : "");
    go.append(element("b", t(`problem.${problem.detail}`)), element("small", names), element("span", area(problem.size_m2)));
    item.append(go);
    if (problem.repair) {
      const say = element("p", told(plan, problem), "hint");
      item.append(say);
      if (plan.drawable) say.append(button(t("problems.repair"), () => this.desk.repair([problem.id])));
    } else item.append(element("p", t("problems.by_hand"), "hint"));
    return item;
  }

  go(problem) {
    this.chosen = problem.id;
    this.draw();
    const { map } = this.desk;
    map.setView([problem.lat, problem.lon], Math.max(map.getZoom(), 17), { animate: false });
    this.desk.flash(problem.lon, problem.lat);
    this.desk.choose(problem.areas.filter((code) => this.desk.plan.cells.has(code)));
    if (this.desk.tab === "problems") this.show(document.getElementById("tab"));
  }
}

/** What a repair would do. @param {any} plan @param {any} problem */
function told(plan, { repair, repair_m2: size }) {
  const [what, to = ""] = repair.split(":");
  return t(`repair.${what}`, { to: plan.name(to), area: area(size) });
}
