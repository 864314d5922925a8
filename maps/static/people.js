// SPDX-License-Identifier: Apache-2.0
// What moves on the map: workers, their check-ins of today, and the incidents they are called to.

/* global L */
import { Sheet, unit } from "./ground.js";
import { t } from "./words.js";

const COLOR = {
  fresh: "#5fd0b5",
  engaged: "#74aaff",
  stale: "#b08d4c",
  inside: "#5fd0b5",
  uncertain: "#e3b341",
  outside: "#e8704f",
};
const WALK_MS = 1600;
const RIPPLE_MS = 2600;
// A wall is looked at for hours: enough frames to see a walk, few enough to leave the machine cool.
const FRAME_MS = 50;

export class People {
  /**
   * @param {any} map
   * @param {import("./store.js").Store} store
   */
  constructor(map, store) {
    this.map = map;
    this.store = store;
    /** Where each dot is drawn and where it walks to. @type {Map<string, any>} */
    this.dots = new Map();
    /** Check-ins that just came in. @type {Map<string, number>} */
    this.ripples = new Map();
    /** @type {Map<string, any>} */
    this.flags = new Map();
    /** The room flags take in the window: left, top, right, bottom. @type {number[][]} */
    this.boxes = [];
    /** Called when flags take other room. */
    this.flagged = () => {};
    map.on("moveend zoomend resize", () => this.turn());
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.engaged = new Set();
    this.drawnAt = 0;
    this.running = false;
    this.marks = new Sheet(map, "marks", 460, (pen) => this.drawMarks(pen));
    this.sheet = new Sheet(map, "people", 470, (pen) => this.draw(pen));
  }

  /** After a snapshot: everything where it belongs, without a walk. */
  begin() {
    this.dots.clear();
    this.ripples.clear();
    for (const position of this.store.all("positions").values()) this.move(position, true);
    this.marks.redraw();
    this.changed();
  }

  /**
   * @param {any} position
   * @param {boolean} [atOnce]
   */
  move(position, atOnce = false) {
    const now = performance.now();
    const { worker, lon, lat } = position;
    const dot = this.dots.get(worker);
    if (!dot || atOnce || this.calm) {
      this.dots.set(worker, { from: [lon, lat], to: [lon, lat], began: now - WALK_MS });
    } else {
      this.dots.set(worker, { from: where(dot, now), to: [lon, lat], began: now });
    }
    this.wake();
  }

  /** @param {any} checkIn */
  checkedIn(checkIn) {
    if (!this.calm) this.ripples.set(checkIn.id, performance.now());
    this.marks.redraw();
    this.wake();
  }

  /** States of workers or incidents may have changed. */
  changed() {
    this.engaged = this.store.engaged();
    for (const worker of this.dots.keys()) {
      if (!this.store.all("positions").has(worker)) this.dots.delete(worker);
    }
    this.flag();
    this.wake();
  }

  wake() {
    if (this.running) return;
    this.running = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  /** @param {number} now */
  frame(now) {
    if (now - this.drawnAt < FRAME_MS && !this.calm) {
      // Too early to draw: what woke this frame is drawn by a later one.
      requestAnimationFrame((next) => this.frame(next));
      return;
    }
    this.drawnAt = now;
    this.sheet.redraw();
    for (const [id, began] of this.ripples) if (now - began > RIPPLE_MS) this.ripples.delete(id);
    const walking = [...this.dots.values()].some((dot) => now - dot.began < WALK_MS + FRAME_MS);
    if (walking || this.ripples.size) requestAnimationFrame((next) => this.frame(next));
    else this.running = false;
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawMarks(pen) {
    const px = unit();
    for (const checkIn of this.store.all("check_ins").values()) {
      if (checkIn.lon === undefined || !checkIn.verdict) continue;
      const { x, y } = this.sheetAt(checkIn);
      const clear = checkIn.verdict === "inside" && checkIn.accepted;
      pen.globalAlpha = clear ? 0.34 : 0.85;
      pen.strokeStyle = COLOR[checkIn.verdict];
      pen.lineWidth = (clear ? 1 : 1.6) * px;
      pen.beginPath();
      pen.arc(x, y, (clear ? 2.6 : 4.2) * px, 0, 7);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen */
  draw(pen) {
    const now = performance.now();
    const px = unit();
    this.drawCalls(pen, now, px);
    for (const [id, began] of this.ripples) {
      const checkIn = this.store.all("check_ins").get(id);
      if (!checkIn || checkIn.lon === undefined || !checkIn.verdict) continue;
      const age = Math.min(1, Math.max(0, (now - began) / RIPPLE_MS));
      const { x, y } = this.sheetAt(checkIn);
      pen.globalAlpha = (1 - age) ** 1.5;
      pen.strokeStyle = COLOR[checkIn.verdict];
      pen.lineWidth = 2 * px;
      pen.beginPath();
      pen.arc(x, y, (4 + 20 * Math.sqrt(age)) * px, 0, 7);
      pen.stroke();
    }
    const order = { stale: 0, fresh: 1, engaged: 2 };
    const dots = [...this.dots].map(([worker, dot]) => ({
      dot,
      state: this.store.stateOf(worker, this.engaged),
    }));
    dots.sort((a, b) => order[a.state] - order[b.state]);
    for (const { dot, state } of dots) {
      const [lon, lat] = where(dot, now);
      const { x, y } = this.map.latLngToContainerPoint([lat, lon]);
      pen.globalAlpha = state === "stale" ? 0.75 : 1;
      pen.beginPath();
      pen.arc(x, y, (state === "engaged" ? 5 : 3.4) * px, 0, 7);
      pen.fillStyle = COLOR[state] ?? COLOR.stale;
      pen.strokeStyle = "#090f16";
      pen.lineWidth = 1.4 * px;
      pen.fill();
      pen.stroke();
      if (state === "engaged") {
        pen.beginPath();
        pen.arc(x, y, 8.5 * px, 0, 7);
        pen.strokeStyle = COLOR.engaged;
        pen.lineWidth = 1.2 * px;
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  /** Lines from an incident to those who were called to it. */
  drawCalls(pen, now, px) {
    for (const incident of this.store.incidents()) {
      const linkup = this.store.linkupOf(incident.id);
      if (!linkup || typeof incident.lon !== "number") continue;
      const from = this.sheetAt(incident);
      for (const ask of linkup.asked) {
        const dot = this.dots.get(ask.worker);
        const took = ask.state === "accepted" || ask.state === "arrived";
        if (!dot || !(took || ask.state === "asked")) continue;
        const [lon, lat] = where(dot, now);
        const to = this.map.latLngToContainerPoint([lat, lon]);
        pen.beginPath();
        pen.moveTo(from.x, from.y);
        pen.lineTo(to.x, to.y);
        pen.setLineDash(took ? [] : [4 * px, 5 * px]);
        pen.strokeStyle = took ? COLOR.engaged : "#c7d3de";
        pen.globalAlpha = took ? 0.9 : 0.5;
        pen.lineWidth = (took ? 1.8 : 1.1) * px;
        pen.stroke();
      }
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  /** One flag an open incident; text goes in as text. */
  flag() {
    const open = this.store.incidents().filter((incident) => typeof incident.lon === "number");
    const wanted = new Set(open.map((incident) => incident.id));
    for (const [id, flag] of this.flags) {
      if (!wanted.has(id)) {
        flag.remove();
        this.flags.delete(id);
      }
    }
    for (const incident of open) {
      let flag = this.flags.get(incident.id);
      if (!flag) {
        const body = document.createElement("div");
        body.append(document.createElement("i"), document.createElement("b"));
        const icon = L.divIcon({ html: body, className: "incident", iconSize: [0, 0] });
        flag = L.marker([incident.lat, incident.lon], { icon, interactive: false, keyboard: false });
        flag.addTo(this.map);
        flag.body = body;
        this.flags.set(incident.id, flag);
      }
      flag.setLatLng([incident.lat, incident.lon]);
      const standing = this.store.standing(incident);
      flag.body.className = `flagged ${incident.severity} ${standing} ${incident.origin}`;
      flag.body.dataset.id = incident.id;
      const mark = incident.origin === "drill" ? `【${t("drill")}】` : "";
      flag.body.lastChild.textContent = `${mark}${incident.title} · ${t(`status.${standing}`)}`;
    }
    this.turn();
  }

  /** A flag whose text would run below the panel on the right has it on its left. */
  turn() {
    const edge = document.querySelector(".right").getBoundingClientRect().left || innerWidth;
    const boxes = [];
    for (const flag of this.flags.values()) {
      const { x, y } = this.map.latLngToContainerPoint(flag.getLatLng());
      const mark = 9 * unit();
      const width = flag.body.lastChild.offsetWidth + 16 * unit();
      const flipped = x + width > edge - mark && x < edge + mark;
      flag.body.classList.toggle("flip", flipped);
      const [from, to] = flipped ? [x - width, x + mark] : [x - mark, x + width];
      boxes.push([from, y - 1.4 * mark, to, y + 1.4 * mark]);
    }
    const before = JSON.stringify(this.boxes);
    this.boxes = boxes;
    if (JSON.stringify(boxes) !== before) this.flagged();
  }

  /** @param {{lon: number, lat: number}} place */
  sheetAt({ lon, lat }) {
    return this.map.latLngToContainerPoint([lat, lon]);
  }

  /**
   * The worker under a point of the window, if any.
   * @param {{x: number, y: number}} point
   */
  under(point) {
    const reach = 10 * unit();
    const now = performance.now();
    for (const [worker, dot] of this.dots) {
      const [lon, lat] = where(dot, now);
      const at = this.map.latLngToContainerPoint([lat, lon]);
      if (Math.hypot(at.x - point.x, at.y - point.y) < reach) return worker;
    }
    return undefined;
  }
}

/**
 * Where a walking dot is at a moment.
 * @param {any} dot
 * @param {number} now
 */
function where(dot, now) {
  const part = Math.min(1, Math.max(0, (now - dot.began) / WALK_MS));
  const eased = part * part * (3 - 2 * part);
  return [
    dot.from[0] + (dot.to[0] - dot.from[0]) * eased,
    dot.from[1] + (dot.to[1] - dot.from[1]) * eased,
  ];
}
