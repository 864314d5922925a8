// SPDX-License-Identifier: Apache-2.0
// The list of incidents: who has to act stands first, and is heard until the officer looks.

import { clock, distance, element } from "./patrol_words.js";
import { span, t } from "./words.js";

const CLOSED_SHOWN = 8;
// Where a person must act.
const ACTS = new Set(["unlocated", "unanswered"]);

export class Board {
  /**
   * @param {import("./store.js").Store} store
   * @param {(code: string|null) => string} cellName
   * @param {import("./desk_sound.js").Sound} sound
   * @param {(id: string|null, opened: boolean) => void} chosen
   */
  constructor(store, cellName, sound, chosen) {
    this.store = store;
    this.cellName = cellName;
    this.sound = sound;
    this.onChosen = chosen;
    this.list = document.getElementById("list");
    /** @type {string|null} */
    this.chosen = null;
    /** Standing by incident, as the officer saw it. @type {Map<string, string>} */
    this.seen = new Map();
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      const item = /** @type {Element} */ (event.target).closest("li");
      if (item) this.choose(item.dataset.id, false);
    });
  }

  /** Open ones: those that wait for a person first, then the gravest and newest; then the closed. */
  rows() {
    const open = this.store.incidents();
    const waits = (row) => Number(ACTS.has(this.store.standing(row)));
    open.sort((a, b) => waits(b) - waits(a));
    const closed = [...this.store.all("incidents").values()]
      .filter((row) => row.status === "closed")
      .sort((a, b) => b.reported_at.localeCompare(a.reported_at))
      .slice(0, CLOSED_SHOWN);
    return [...open, ...closed];
  }

  show() {
    const rows = this.rows();
    const open = rows.filter((row) => row.status !== "closed").length;
    const { begun } = this.store;
    document.getElementById("count").textContent = begun ? t("desk.count", { open }) : "";
    const none = document.getElementById("none");
    none.hidden = rows.length > 0;
    none.textContent = t(begun ? "no_incidents" : "desk.loading");
    // What was chosen stays chosen, even when newer ones have pushed it off the list.
    const kept = this.chosen && this.store.all("incidents").get(this.chosen);
    if (kept && !rows.includes(kept)) rows.push(kept);
    this.list.replaceChildren(...rows.map((row) => this.item(row)));
    this.mark();
    this.alert();
  }

  item(row) {
    const standing = this.store.standing(row);
    const item = element("li", "", `${row.severity} ${standing}`);
    item.id = `incident-${row.id}`;
    item.dataset.id = row.id;
    item.setAttribute("role", "option");
    const head = element("p", "", "head");
    if (row.origin === "drill") head.append(element("em", t("desk.drill_mark"), "drill"));
    head.append(element("b", row.title));
    if (row.calls > 1) head.append(element("em", t("desk.calls", { count: row.calls })));
    head.append(element("time", span(this.store.now() - Date.parse(row.reported_at))));
    const where = row.label || this.cellName(row.cell) || "—";
    const foot = element("p", "", "foot");
    foot.append(element("span", where), element("span", this.standing(row, standing), "standing"));
    item.append(head, foot);
    return item;
  }

  standing(row, standing) {
    if (row.merged_into) return t("detail.merged_into");
    const said = t(`status.${standing}`);
    return row.department ? `${said} · ${row.department}` : said;
  }

  /** Unlocated, or nobody answers: shown, and heard unless it is only played. */
  alert() {
    const waiting = this.store
      .incidents()
      .filter((row) => ACTS.has(this.store.standing(row)))
      .filter((row) => this.seen.get(row.id) !== this.store.standing(row))
      .sort((a, b) => b.reported_at.localeCompare(a.reported_at));
    const notice = document.getElementById("notice");
    notice.hidden = !waiting.length;
    if (waiting.length) {
      const [first] = waiting;
      const more = waiting.length > 1 ? t("desk.alert_more", { count: waiting.length - 1 }) : "";
      const words = t(`desk.alert_${this.store.standing(first)}`, { title: "\0" });
      const [before, after] = words.split("\0");
      const said = before + first.title + after + more;
      if (notice.textContent !== said) {
        // One line: of a long title the end is left out, never the key to press.
        notice.replaceChildren(
          element("span", before), element("b", first.title), element("span", after + more));
        notice.title = said;
      }
      notice.dataset.id = first.id;
    }
    this.sound.call(waiting.some((row) => row.origin !== "simulated"));
  }

  /** The keys of the list. @param {KeyboardEvent} event */
  key(event) {
    const rows = [...this.list.children].map((item) => /** @type {HTMLElement} */ (item).dataset.id);
    const now = rows.indexOf(this.chosen ?? "");
    const to = {
      ArrowDown: Math.min(now + 1, rows.length - 1), ArrowUp: Math.max(now - 1, 0),
      Home: 0, End: rows.length - 1,
    }[event.key];
    if (to !== undefined && rows.length) {
      event.preventDefault();
      this.choose(rows[to], false);
    } else if (event.key === "Enter" && this.chosen) {
      event.preventDefault();
      this.choose(this.chosen, true);
    }
  }

  /** @param {string|null} id @param {boolean} opened  to go on in its details */
  choose(id, opened) {
    this.chosen = id;
    const row = id && this.store.all("incidents").get(id);
    if (row) this.seen.set(id, this.store.standing(row));
    this.show();
    this.onChosen(id, opened);
  }

  /** The one to act on: the chosen one, or else the one that calls. */
  subject() {
    const notice = document.getElementById("notice");
    const id = this.chosen ?? (notice.hidden ? null : notice.dataset.id);
    return (id && this.store.all("incidents").get(id)) ?? null;
  }

  mark() {
    for (const item of this.list.children) {
      const mine = /** @type {HTMLElement} */ (item).dataset.id === this.chosen;
      item.setAttribute("aria-selected", String(mine));
      if (mine) item.scrollIntoView({ block: "nearest" });
    }
    if (this.chosen) this.list.setAttribute("aria-activedescendant", `incident-${this.chosen}`);
    else this.list.removeAttribute("aria-activedescendant");
  }

  /**
   * Other open incidents that one could be merged with, the nearest first.
   * @param {any} row
   * @param {string} zone
   */
  others(row, zone) {
    const far = (other) =>
      typeof row.lon === "number" && typeof other.lon === "number" ? metres(row, other) : Infinity;
    return this.store
      .incidents()
      .filter((other) => other.id !== row.id && other.origin === row.origin)
      .map((other) => ({ other, far: far(other) }))
      .sort((a, b) => a.far - b.far)
      .map(({ other, far }) => ({
        row: other,
        detail: [
          clock(other.reported_at, zone), other.label,
          far < 10 ? t("near.here") : Number.isFinite(far) ? distance(far) : "",
          t(`status.${this.store.standing(other)}`),
        ].filter(Boolean).join(" · "),
      }));
  }

  /** How far the search for somebody has come: the one that is further along stays. */
  progress(row) {
    const linkup = this.store.linkupOf(row.id);
    if (linkup?.status !== "open") return 0;
    return linkup.lead ? 2 : 1;
  }
}

/** @param {{lon: number, lat: number}} a @param {{lon: number, lat: number}} b */
function metres(a, b) {
  const squash = Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot((a.lon - b.lon) * squash, a.lat - b.lat) * 111_320;
}
