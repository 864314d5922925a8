// SPDX-License-Identifier: Apache-2.0
// Tools that need a drawing: an area for another cell, a line that splits one. What was drawn and not
// accepted stays on the map, to be mended and sent again; it outlives a reload.

/* global L */
import { unit } from "./ground.js";
import { element } from "./patrol_words.js";
import { latLngs } from "./planner_layer.js";
import { button, labelled, row, wholeBuildings } from "./planner_tools.js";
import { t } from "./words.js";

const METRES_OF_A_DEGREE = 111_320;
/** A line that ends on a border is drawn on a little, so that it crosses it. */
const ACROSS_M = 3;

/** LatLngs as positions; one that lies on the one before is none. @param {any[]} found @returns {[number, number][]} */
export function positions(found) {
  const all = found.map(({ lat, lng }) => [round(lng), round(lat)]);
  return all.filter(([x, y], i) => !i || x !== all[i - 1][0] || y !== all[i - 1][1]);
}
const round = (/** @type {number} */ degrees) => Math.round(degrees * 1e7) / 1e7;

/**
 * A line drawn on at one end or both.
 * @param {[number, number][]} line
 * @param {boolean} [first]
 * @param {boolean} [last]
 */
export function drawnOn(line, first = true, last = true) {
  const beyond = ([x, y], [px, py]) => {
    const shrink = Math.cos((y * Math.PI) / 180);
    const long = Math.hypot((x - px) * shrink, y - py) * METRES_OF_A_DEGREE || 1;
    return [round(x + ((x - px) / long) * ACROSS_M), round(y + ((y - py) / long) * ACROSS_M)];
  };
  return [
    ...(first ? [beyond(line[0], line[1])] : []),
    ...line,
    ...(last ? [beyond(line[line.length - 1], line[line.length - 2])] : []),
  ];
}

class Shape {
  /** @param {any} desk @param {string} name @param {"Polygon"|"Line"} kind */
  constructor(desk, name, kind) {
    this.desk = desk;
    this.name = name;
    this.kind = kind;
    /** @type {string|null} */
    this.cell = null;
    /** What was drawn and not accepted. @type {any} */
    this.shape = null;
    this.drawing = false;
    desk.map.on("pm:drawstart", ({ workingLayer }) => {
      if (!this.drawing) return;
      workingLayer.on("pm:vertexadded", () => this.keep(positions(workingLayer.getLatLngs())));
    });
    desk.map.on("mousemove", () => this.pointer(1));
    desk.map.on("mouseout", () => this.pointer(0));
    desk.map.on("pm:create", ({ layer }) => this.drawing && this.drawn(layer));
  }

  start() {
    const [only, ...others] = this.desk.chosen;
    this.cell = only && !others.length && !this.desk.plan.cells.get(only)?.locked ? only : null;
    this.mark();
    this.begin();
  }

  stop() {
    this.end();
    this.forget();
  }

  /** Draw, once it is clear for which cell. */
  begin() {
    if (!this.cell || !this.draws || this.drawing || this.shape) return;
    this.drawing = true;
    this.desk.snap.start(this.desk.plan);
    const color = "#ffffff";
    this.desk.map.pm.enableDraw(this.kind, {
      snappable: true,
      snapDistance: 14,
      allowSelfIntersection: false,
      tooltips: false,
      finishOn: "dblclick",
      templineStyle: { color, weight: 2.5 * unit(), radius: 5 },
      hintlineStyle: { color, weight: 2 * unit(), dashArray: "5 6" },
      pathOptions: { pmIgnore: false, snapIgnore: true, color, weight: 2.5 * unit(), fillColor: color, fillOpacity: 0.12, interactive: true },
    });
    this.pointer(0);
  }

  /** GeoMan's mark at the pointer: where no pointer is, it would look like a place. @param {number} opacity */
  pointer(opacity) {
    if (this.drawing) this.desk.map.pm.Draw[this.kind]._hintMarker?.setOpacity(opacity);
  }

  end() {
    if (!this.drawing) return;
    this.drawing = false;
    this.desk.map.pm.disableDraw();
    this.desk.snap.stop();
  }

  get draws() {
    return true;
  }

  changed() {
    if (this.cell && !this.desk.plan.cells.has(this.cell)) {
      this.end();
      this.cell = null;
    }
    this.mark();
    this.desk.toolbox.card();
  }

  mark() {
    this.desk.choose(this.cell ? [this.cell] : []);
  }

  click(cell) {
    if (this.drawing || this.shape || !cell) return;
    if (cell.locked) {
      this.desk.say(t("planner.is_locked", { cell: cell.name }), "warn");
      return;
    }
    this.desk.say("");
    this.cell = cell.code;
    this.mark();
    this.begin();
    this.desk.toolbox.card();
  }

  /** Another cell. */
  again() {
    this.stop();
    this.cell = null;
    this.mark();
    this.desk.toolbox.card();
  }

  /** @param {any} layer  what GeoMan made */
  drawn(layer) {
    this.end();
    this.shape = layer;
    this.send();
  }

  get coordinates() {
    const found = this.shape.getLatLngs();
    return positions(this.kind === "Polygon" ? found[0] : found);
  }

  async send() {
    const { coordinates } = this;
    this.keep(coordinates);
    this.shape.pm?.disable();
    const done = await this.desk.edit(this.body(coordinates));
    if (done) {
      this.forget();
      this.mark();
      this.begin();
    } else if (this.shape) {
      this.mend();
    }
    this.desk.toolbox.card();
  }

  /** Let the corners of what was not accepted be moved. */
  mend() {
    this.desk.snap.start(this.desk.plan);
    this.shape.setStyle({ dashArray: "7 5", color: "#ffd479" });
    this.shape.pm?.enable({ snappable: true, snapDistance: 14, allowSelfIntersection: false });
    this.shape.on("pm:edit", () => this.keep(this.coordinates));
  }

  forget() {
    this.shape?.pm?.disable();
    this.shape?.remove();
    this.shape = null;
    this.desk.snap.stop();
    this.keep(null);
  }

  /** @param {[number, number][]|null} coordinates */
  keep(coordinates) {
    this.desk.kept.shape = coordinates && { tool: this.name, cell: this.cell, coordinates };
    this.desk.save();
  }

  restore({ cell, coordinates }) {
    const least = this.kind === "Polygon" ? 3 : 2;
    if (!this.desk.plan.cells.has(cell)) cell = null;
    this.end();
    this.cell = cell;
    this.mark();
    if (coordinates.length >= least) {
      const make = this.kind === "Polygon" ? L.polygon : L.polyline;
      const style = { pmIgnore: false, snapIgnore: true, weight: 2.5 * unit(), fillColor: "#ffffff", fillOpacity: 0.12 };
      this.shape = make(latLngs(coordinates), style).addTo(this.desk.map);
      this.keep(coordinates);
      this.mend();
    } else {
      this.begin();
    }
    this.desk.toolbox.card();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const draw = this.desk.map.pm.Draw[this.kind];
    const back = event.key === "Backspace" || (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey));
    if (this.drawing && back && draw._layer?.getLatLngs().length) {
      draw._removeLastVertex();
      return true;
    }
    if (this.drawing && event.key === "Enter") {
      draw._finishShape();
      return true;
    }
    if (this.shape && event.key === "Enter") {
      this.send();
      return true;
    }
    if (event.key !== "Escape") return false;
    if (this.shape) {
      this.forget();
      this.begin();
    } else if (this.drawing && draw._layer?.getLatLngs().length) {
      this.end();
      this.keep(null);
      this.begin();
    } else if (this.cell) this.again();
    else return false;
    this.desk.toolbox.card();
    return true;
  }

  /** Who is meant, and how to go on. */
  head() {
    if (!this.cell) return [element("p", t(`tool.${this.name}.pick`), "hint")];
    const { plan } = this.desk;
    const who = element("p", "", "subject");
    const cell = plan.cells.get(this.cell);
    who.append(element("b", cell.name), element("small", t("planner.n_households", { n: cell.households })), button(t("planner.other_cell"), () => this.again()));
    return [who];
  }

  foot() {
    if (this.shape) {
      return [
        element("p", t("planner.unsent"), "hint warn"),
        row(
          button(t("planner.send_again"), () => this.send(), "go"),
          button(t("planner.drop_shape"), () => {
            this.forget();
            this.begin();
            this.desk.toolbox.card();
          }),
        ),
      ];
    }
    return this.cell && this.draws ? [element("p", t("planner.drawing_keys"), "hint")] : [];
  }
}

export class Transfer extends Shape {
  constructor(desk) {
    super(desk, "transfer", "Polygon");
  }

  body(coordinates) {
    const area = { type: "Polygon", coordinates: [[...coordinates, coordinates[0]]] };
    return { op: "transfer", area, to: this.cell, buildings: this.desk.whole ? "whole" : "cut" };
  }

  card() {
    return [...this.head(), wholeBuildings(this.desk), ...this.foot()];
  }
}

export class Split extends Shape {
  constructor(desk) {
    super(desk, "split", "Line");
    this.how = "line";
    this.parts = 2;
  }

  get draws() {
    return this.how === "line";
  }

  body(coordinates) {
    const line = { type: "LineString", coordinates: drawnOn(coordinates) };
    return { op: "split", cell: this.cell, line, buildings: this.desk.whole ? "whole" : "cut" };
  }

  card() {
    const ways = element("p", "", "ways");
    for (const how of ["line", "parts"]) {
      const one = button(t(`planner.split_${how}`), () => {
        this.how = how;
        if (this.draws) this.begin();
        else this.end();
        this.desk.toolbox.card();
      });
      one.setAttribute("aria-pressed", String(this.how === how));
      ways.append(one);
    }
    if (this.draws) return [ways, ...this.head(), wholeBuildings(this.desk), ...this.foot()];
    const number = /** @type {HTMLInputElement} */ (element("input"));
    Object.assign(number, { type: "number", name: "parts", min: "2", max: "50", value: String(this.parts) });
    number.addEventListener("input", () => {
      this.parts = Number(number.value);
    });
    const go = button(t("planner.split_go"), async () => {
      const buildings = this.desk.whole ? "whole" : "cut";
      await this.desk.edit({ op: "split", cell: this.cell, parts: this.parts, buildings });
    }, "go");
    go.disabled = !this.cell;
    return [ways, ...this.head(), labelled(t("planner.parts"), number), wholeBuildings(this.desk), row(go)];
  }
}
