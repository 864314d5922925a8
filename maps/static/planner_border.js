// SPDX-License-Identifier: Apache-2.0
// Moving a border: its corners are dragged, the cells on both sides follow, and where it is let go it
// is sent.

/* global L */
import { unit } from "./ground.js";
import { element } from "./patrol_words.js";
import { latLngs } from "./planner_layer.js";
import { drawnOn, positions } from "./planner_shapes.js";
import { button, row, wholeBuildings } from "./planner_tools.js";
import { exchanged, pin } from "./planner_topology.js";
import { t } from "./words.js";

const REACH = 12;
/** Corners that bend a border by less than so many pixels get no handle of their own. */
const BEND = 8;

export class BorderTool {
  constructor(desk) {
    this.desk = desk;
    this.name = "border";
    /** What the pointer is over. @type {any} */
    this.over = null;
    /** The border in hand: its cells, its corners as they are stored, the line with handles. @type {any} */
    this.held = null;
    desk.map.createPane("held").style.zIndex = "470";
    desk.map.getPane("held").style.pointerEvents = "none";
    this.light = L.polyline([], { pane: "held", interactive: false, color: "#ffffff", weight: 5 * unit(), opacity: 0.9 });
  }

  start() {
    this.light.setLatLngs([]).addTo(this.desk.map);
  }

  stop() {
    this.letGo();
    this.light.remove();
  }

  changed() {
    if (this.held && !this.held.sending) this.letGo();
  }

  /** The border nearest to a place, if one is near. @param {any} at */
  nearest(at) {
    const { map, plan } = this.desk;
    const here = map.latLngToLayerPoint(at);
    const reach = REACH * unit();
    const corner = map.layerPointToLatLng(here.subtract([reach, -reach]));
    const other = map.layerPointToLatLng(here.add([reach, -reach]));
    let best = null;
    let least = reach;
    for (const border of plan.topology.borders()) {
      const [west, south, east, north] = border.box;
      if (border.cells.length !== 2 || east < corner.lng || west > other.lng || north < corner.lat || south > other.lat) continue;
      for (const line of border.lines) {
        const points = line.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon]));
        for (let i = 1; i < points.length; i += 1) {
          const far = L.LineUtil.pointToSegmentDistance(here, points[i - 1], points[i]);
          if (far < least) {
            least = far;
            best = { key: border.key, cells: border.cells, line };
          }
        }
      }
    }
    return best;
  }

  move(at) {
    if (this.held?.dragging) return;
    this.over = this.nearest(at);
    const shown = this.over && this.over.line !== this.held?.line ? this.over.line : [];
    this.light.setLatLngs(latLngs(shown));
    this.desk.map.getContainer().classList.toggle("grab", Boolean(shown.length));
  }

  click(_cell, at) {
    if (this.held?.sending) return;
    const found = this.nearest(at);
    if (found && found.line === this.held?.line) return;
    this.letGo();
    if (found) this.pick(found.cells, found.line);
  }

  /** @param {string[]} cells @param {[number, number][]} line */
  pick(cells, line) {
    const { map, plan, layer, snap } = this.desk;
    const handles = simplified(map, line);
    // Between two handles that stay, the border stays as it is to the last corner.
    const sections = new Map();
    for (let i = 1, from = 0; i < handles.length; i += 1) {
      const to = line.indexOf(handles[i], from);
      sections.set(`${pin(handles[i - 1])} ${pin(handles[i])}`, line.slice(from, to + 1));
      from = to;
    }
    const look = { pane: "held", pmIgnore: false, snapIgnore: true, color: "#ffffff", weight: 3.2 * unit(), smoothFactor: 0 };
    const ring = isRing(line);
    const path = (ring ? L.polygon(latLngs(handles.slice(0, -1)), { ...look, fill: false }) : L.polyline(latLngs(handles), look)).addTo(map);
    const key = [...cells].sort().join("|");
    this.held = { cells, line, ring, sections, path, key, dragging: false, sending: false };
    this.desk.choose(cells);
    layer.borders(key);
    snap.start(plan, key);
    path.pm.enable({ snappable: true, snapDistance: 12, allowSelfIntersection: false, removeVertexOn: "contextmenu" });
    path.on("pm:markerdragstart", () => {
      this.held.dragging = true;
      this.light.setLatLngs([]);
    });
    path.on("pm:markerdrag pm:vertexremoved", () => this.follow());
    path.on("pm:markerdragend pm:vertexremoved", () => {
      this.held.dragging = false;
      this.send();
    });
    this.desk.toolbox.card();
  }

  /** The line as it is now: exact where it was not touched. */
  get drawn() {
    const { path, ring, sections } = this.held;
    const corners = positions(ring ? path.getLatLngs()[0] : path.getLatLngs());
    if (ring) corners.push(corners[0]);
    const line = [corners[0]];
    for (let i = 1; i < corners.length; i += 1) {
      const kept = sections.get(`${pin(corners[i - 1])} ${pin(corners[i])}`);
      line.push(...(kept ? kept.slice(1) : [corners[i]]));
    }
    return line;
  }

  /** Both cells as they would be. */
  follow() {
    const { plan, layer } = this.desk;
    const { cells, line } = this.held;
    const { drawn } = this;
    const shapes = new Map();
    for (const code of cells) {
      const { rings } = plan.cells.get(code);
      shapes.set(code, rings.map((ring) => exchanged(ring, line, drawn) ?? ring));
    }
    layer.bend(shapes);
  }

  async send() {
    const { held, drawn } = this;
    const same = (a, b) => pin(a) === pin(b);
    const [first, last] = [held.line[0], held.line[held.line.length - 1]];
    const moved = drawn.length !== held.line.length || drawn.some((at, i) => !same(at, held.line[i]));
    if (!moved) return;
    held.sending = true;
    held.path.pm.disable();
    this.keep(drawn);
    const line = held.ring ? drawn : drawnOn(drawn, !same(drawn[0], first), !same(drawn[drawn.length - 1], last));
    const buildings = this.desk.whole ? "whole" : "cut";
    const middle = drawn[Math.floor(drawn.length / 2)];
    const done = await this.desk.edit({ op: "redraw", between: held.cells, line: { type: "LineString", coordinates: line }, buildings });
    held.sending = false;
    if (this.held !== held) return;
    if (done) {
      this.letGo(false);
      this.regrasp(held.cells, middle);
      return;
    }
    // It stays as it was drawn: he may mend it, or let it go with Escape.
    if (!this.desk.plan.cells.has(held.cells[0]) || !this.desk.plan.cells.has(held.cells[1])) {
      this.letGo();
      return;
    }
    held.path.setStyle({ color: "#ffd479", dashArray: "7 5" });
    held.path.pm.enable({ snappable: true, snapDistance: 12, allowSelfIntersection: false, removeVertexOn: "contextmenu" });
    held.failed = true;
    this.desk.toolbox.card();
  }

  /** Hold the border between the same two cells again, to go on. */
  regrasp(cells, [lon, lat]) {
    const border = this.desk.plan.topology.border([...cells].sort().join("|"));
    const here = this.desk.map.latLngToLayerPoint([lat, lon]);
    let best = null;
    let least = Infinity;
    for (const line of border.lines) {
      for (const [x, y] of line) {
        const far = here.distanceTo(this.desk.map.latLngToLayerPoint([y, x]));
        if (far < least) [least, best] = [far, line];
      }
    }
    if (best) this.pick(cells, best);
    else this.desk.toolbox.card();
  }

  /** @param {boolean} [back]  both cells take their shapes again */
  letGo(back = true) {
    if (!this.held) return;
    const { cells, path } = this.held;
    this.held = null;
    path.pm.disable();
    path.remove();
    this.desk.snap.stop();
    this.keep(null);
    this.desk.choose([]);
    if (!back) return;
    const shapes = new Map(cells.filter((code) => this.desk.plan?.cells.has(code)).map((code) => [code, this.desk.plan.cells.get(code).rings]));
    this.desk.layer.bend(shapes);
    this.desk.layer.borders();
    this.desk.toolbox.card();
  }

  keep(line) {
    this.desk.kept.shape = line && { tool: this.name, cells: this.held.cells, line: this.held.line, coordinates: line };
    this.desk.save();
  }

  restore({ cells, line, coordinates }) {
    const { plan } = this.desk;
    if (!cells.every((code) => plan.cells.has(code))) return;
    const border = plan.topology.border([...cells].sort().join("|"));
    const old = border.lines.find((one) => pin(one[0]) === pin(line[0]) || pin(one[one.length - 1]) === pin(line[0])) ?? border.lines[0];
    if (!old) return;
    this.pick(cells, old);
    this.held.path.pm.disable();
    this.held.path.setLatLngs(latLngs(this.held.ring ? coordinates.slice(0, -1) : coordinates)).setStyle({ color: "#ffd479", dashArray: "7 5" });
    this.held.path.pm.enable({ snappable: true, snapDistance: 12, allowSelfIntersection: false, removeVertexOn: "contextmenu" });
    this.held.failed = true;
    this.keep(coordinates);
    this.follow();
    this.desk.toolbox.card();
  }

  key(event) {
    if (event.key === "Escape" && this.held && !this.held.sending) {
      this.letGo();
      return true;
    }
    if (event.key === "Enter" && this.held?.failed) {
      this.send();
      return true;
    }
    return false;
  }

  card() {
    if (!this.held) return [element("p", t("tool.border.pick"), "hint"), wholeBuildings(this.desk)];
    const { plan } = this.desk;
    const pair = element("p", "", "subject");
    pair.append(element("b", this.held.cells.map((code) => plan.name(code)).join(" ｜ ")));
    const after = this.held.failed
      ? [
          element("p", t("planner.unsent"), "hint warn"),
          row(button(t("planner.send_again"), () => this.send(), "go"), button(t("planner.drop_shape"), () => this.letGo())),
        ]
      : [element("p", t("tool.border.drag"), "hint"), row(button(t("planner.let_go"), () => this.letGo()))];
    return [pair, wholeBuildings(this.desk), ...after];
  }
}

/** Whether a border goes round a cell that lies inside another. @param {[number, number][]} line */
const isRing = (line) => pin(line[0]) === pin(line[line.length - 1]);

/** The corners of a line that bend it visibly, and its ends. @param {any} map @param {[number, number][]} line */
function simplified(map, line) {
  const points = line.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon]));
  // However small it is on the screen, a ring is held by three corners.
  const third = isRing(line) ? Math.floor((line.length - 1) / 3) : 0;
  const fixed = [...new Set([0, third, 2 * third, line.length - 1])];
  const keep = new Set(fixed);
  const stack = fixed.slice(1).map((to, i) => [fixed[i], to]);
  while (stack.length) {
    const [from, to] = stack.pop();
    let most = BEND;
    let at = -1;
    for (let i = from + 1; i < to; i += 1) {
      const far = L.LineUtil.pointToSegmentDistance(points[i], points[from], points[to]);
      if (far > most) [most, at] = [far, i];
    }
    if (at < 0) continue;
    keep.add(at);
    stack.push([from, at], [at, to]);
  }
  return line.filter((_, i) => keep.has(i));
}
