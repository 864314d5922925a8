// SPDX-License-Identifier: Apache-2.0
// Candidates for the place while he types: the last answer counts, ties are shown, a pin wins.

import { ask } from "./ask.js";
import { element } from "./patrol_words.js";
import { t } from "./words.js";

// As fast as people type; a trained one gives a key each 80 ms.
const PAUSE_MS = 90;
const SHOWN = 6;

export class Finding {
  /**
   * @param {any} page
   * @param {import("./desk_spots.js").Spots} spots
   * @param {(code: string|null) => string} cellName
   * @param {() => void} placed  called when another place is chosen
   */
  constructor(page, spots, cellName, placed) {
    this.page = page;
    this.spots = spots;
    this.cellName = cellName;
    this.placed = placed;
    this.input = /** @type {HTMLInputElement} */ (document.getElementById("place"));
    this.list = document.getElementById("candidates");
    /** @type {any[]} */
    this.found = [];
    this.chosen = -1;
    /** Whether a person chose, and not the order alone. */
    this.meant = false;
    /** What was asked last, and what the candidates answer. @type {string|null} */
    this.answered = null;
    /** @type {{lon: number, lat: number, cell: string|null}|null} */
    this.pin = null;
    this.timer = 0;
    this.asked = 0;
    /** @type {AbortController|null} */
    this.call = null;
  }

  text() {
    return this.input.value.trim();
  }

  /** The text has changed. */
  type() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.search(), PAUSE_MS);
  }

  /** Ask for the text as it is. Answers whether that is still the text. */
  async search() {
    clearTimeout(this.timer);
    const text = this.text();
    if (text === this.answered) return true;
    this.call?.abort();
    this.call = new AbortController();
    const number = ++this.asked;
    let found = [];
    try {
      if (text) {
        const url = `${this.page.geocode}?limit=${SHOWN}&q=${encodeURIComponent(text)}`;
        const signal = AbortSignal.any([this.call.signal, AbortSignal.timeout(5000)]);
        const answer = await fetch(url, { signal });
        if (!answer.ok) throw new Error(String(answer.status));
        found = (await answer.json()).items;
      }
    } catch {
      if (number === this.asked) this.say(t("no_service"));
      return false;
    }
    // An older question was answered late.
    if (number !== this.asked || text !== this.text()) return false;
    this.answered = text;
    this.found = found;
    this.chosen = found.length ? 0 : -1;
    this.meant = false;
    this.show();
    if (!this.pin) {
      this.look();
      this.placed();
    }
    return true;
  }

  /** @param {number} step */
  move(step) {
    if (!this.found.length) return;
    this.choose((this.chosen + step + this.found.length) % this.found.length);
  }

  /** @param {number} n */
  choose(n) {
    this.chosen = n;
    this.meant = true;
    this.pin = null;
    this.spots.unpin();
    this.show();
    this.look();
    this.placed();
  }

  /** The map shows what may be meant: one place near by, or all that are as likely. */
  look() {
    if (!this.found.length) return;
    const alike = this.meant ? 1 : this.ties();
    this.spots.look(alike > 1 ? this.found.slice(0, alike) : [this.found[this.chosen]]);
  }

  /** How many stand as high as the first. */
  ties() {
    const { margin } = this.page.settled;
    return this.found.filter((one) => this.found[0].score - one.score < margin).length;
  }

  /**
   * Enter: is there a place to go on with? Waits for the answer to what is typed now.
   * @returns {Promise<boolean>}
   */
  async decide() {
    if (this.pin) return true;
    if (!this.text()) return false;
    if (!(await this.search())) return false;
    const ties = this.found.length ? this.ties() : 0;
    if (ties > 1 && !this.meant) {
      this.say(t("desk.choose", { count: ties }), "ask");
      this.meant = true;
      return false;
    }
    return true;
  }

  /**
   * A pin on the map: it always wins.
   * @param {number} lon @param {number} lat
   */
  async setPin(lon, lat) {
    const pin = { lon: round(lon), lat: round(lat), cell: null };
    this.pin = pin;
    this.spots.pin(lon, lat);
    this.show();
    this.placed();
    try {
      const located = await ask(`/api/v1/locate?lon=${pin.lon}&lat=${pin.lat}`);
      pin.cell = located.cell;
    } catch {
      // Its cell is only told; the service finds it again.
    }
    if (this.pin === pin) this.show();
  }

  unpin() {
    this.pin = null;
    this.spots.unpin();
    this.show();
    this.placed();
  }

  /** Whether the place is sure enough to go on without another look. */
  settled() {
    return this.pin !== null || (this.found[this.chosen]?.score ?? 0) >= this.page.settled.score;
  }

  /** The place that counts now, or null. */
  spot() {
    return this.pin ?? this.found[this.chosen] ?? null;
  }

  /** The place as it is reported. */
  said() {
    const point = this.spot();
    const label = this.pin ? this.text() : (this.found[this.chosen]?.label ?? this.text());
    return {
      ...(label ? { address: label } : {}),
      ...(point ? { point: { lon: point.lon, lat: point.lat } } : {}),
    };
  }

  clear() {
    clearTimeout(this.timer);
    this.call?.abort();
    this.asked += 1;
    this.answered = null;
    this.found = [];
    this.chosen = -1;
    this.pin = null;
    this.spots.clear();
    this.show();
  }

  show() {
    const { found, chosen, pin } = this;
    const ties = found.length ? this.ties() : 0;
    this.list.replaceChildren(
      ...found.map((one, n) => {
        const item = element("li");
        item.id = `candidate-${n}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(n === chosen && !pin));
        const head = element("p", "", "head");
        head.append(element("i", String(n + 1)), element("b", one.label));
        if (ties > 1 && n < ties) head.append(element("em", t("desk.tie")));
        head.append(element("span", one.score.toFixed(2), "score"));
        const how = [t(`match.${one.match}`), one.cell ? this.cellName(one.cell) : t("desk.no_cell")];
        item.append(head, element("small", how.join(" · ")));
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          this.choose(n);
        });
        return item;
      }),
    );
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length && !pin) this.input.setAttribute("aria-activedescendant", `candidate-${chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.spots.show(found, pin ? -1 : chosen);
    document.getElementById("pinned").hidden = !pin;
    document.getElementById("pinned-text").textContent = pin?.cell
      ? t("desk.pinned_cell", { cell: this.cellName(pin.cell) })
      : t("desk.pinned");
    this.comment(ties);
  }

  /** What is to be known of the candidates. @param {number} ties */
  comment(ties) {
    const { found, pin, answered } = this;
    if (pin || answered === null || answered === "") this.say("");
    else if (!found.length) this.say(t("desk.unfound"), "warn");
    else if (ties > 1 && !this.meant) this.say(t("desk.choose", { count: ties }), "ask");
    else if (!this.settled()) this.say(t("desk.vague"), "warn");
    else this.say("");
  }

  /** @param {string} text @param {string} [kind] */
  say(text, kind = "") {
    const says = document.getElementById("place-says");
    says.textContent = text;
    says.className = `says ${kind}`;
  }
}

/** @param {number} degree */
const round = (degree) => Math.round(degree * 1e7) / 1e7;
