// SPDX-License-Identifier: Apache-2.0
// Who is near a place, and whether it was told already. Asked for while he still types.

import { ask } from "./ask.js";
import { said } from "./desk_words.js";
import { distance, element } from "./patrol_words.js";
import { span, t } from "./words.js";

const ASKED_FOR = 5;
const LEFT_OUT_SHOWN = 3;
// Workers walk on: an older answer is not what would be rung.
const KEPT_MS = 5000;

export class Nearby {
  /**
   * @param {any} page
   * @param {import("./store.js").Store} store
   * @param {import("./desk_spots.js").Spots} spots
   * @param {{join?: (incident: any) => void, person?: (one: any) => Node|string}} hooks  `join` takes
   *   a likely duplicate; `person` answers what stands beside somebody who is near
   */
  constructor(page, store, spots, hooks) {
    this.page = page;
    this.store = store;
    this.spots = spots;
    this.hooks = hooks;
    /**
     * The last answer, by the place it is about.
     * @type {{key: string, at: number, answer: Promise<any>}|null}
     */
    this.kept = null;
    this.again = 0;
    /** @type {any[]} */
    this.likely = [];
    this.asked = 0;
    this.open = false;
  }

  /** Ask early, so that Enter finds the answer there. @param {any} spot */
  fetch(spot) {
    if (!spot) {
      this.kept = null;
      return;
    }
    if (!this.early(spot)) this.ask(spot);
  }

  /** Ask as things stand now. @param {any} spot */
  ask(spot) {
    const key = keyOf(spot);
    const answer = ask(`${this.page.nearest}?${key}&k=${ASKED_FOR}`);
    // Told where it is waited for.
    answer.catch(() => {});
    this.kept = { key, at: performance.now(), answer };
    return answer;
  }

  /** What was asked early about a place, while it is still true. @param {any} spot */
  early(spot) {
    const { kept } = this;
    const good = kept?.key === keyOf(spot) && performance.now() - kept.at < KEPT_MS;
    return good ? kept.answer : null;
  }

  /** What was asked early is there at once; what is true now follows, for as long as it is shown. @param {any} spot */
  async show(spot) {
    this.open = true;
    clearTimeout(this.again);
    const list = document.getElementById("near");
    const short = document.getElementById("shortfall");
    if (!spot) {
      list.replaceChildren();
      short.textContent = t("desk.no_place");
      return;
    }
    const number = ++this.asked;
    const stands = () => number === this.asked && this.open;
    try {
      const early = await this.early(spot);
      if (early && stands()) this.list(spot, early);
    } catch {
      // Asked again right now.
    }
    if (!stands()) return;
    try {
      const answer = await this.ask(spot);
      if (stands()) this.list(spot, answer);
    } catch (error) {
      this.kept = null;
      if (!stands()) return;
      list.replaceChildren();
      short.textContent = error.message;
    }
    if (stands()) this.again = window.setTimeout(() => this.show(spot), KEPT_MS);
  }

  /** @param {any} spot @param {any} answer */
  list(spot, answer) {
    const list = document.getElementById("near");
    const short = document.getElementById("shortfall");
    short.textContent = answer.shortfall ? said(this.page.texts, answer.shortfall)[1] : "";
    fill(list, answer.items.map((one, n) => this.person(one, n)));
    document.getElementById("left-out").textContent = answer.left_out.length
      ? t("near.left_out", { who: answer.left_out.slice(0, LEFT_OUT_SHOWN).map((one) => this.left(one)).join("、") })
      : "";
    if (!answer.items.length && !answer.shortfall) short.textContent = t("near.none");
    const positions = this.store.all("positions");
    this.spots.near(spot, answer.items.flatMap((one) => positions.get(one.worker) ?? []));
  }

  /** Who is near, but not asked first, and why. @param {any} one */
  left(one) {
    return t("near.left", { name: one.name, why: said(this.page.texts, one.reason)[0] });
  }

  /** @param {any} one @param {number} n */
  person(one, n) {
    const item = element("li", "", `class-${one.rank_class}`);
    const head = element("p", "", "head");
    head.append(element("i", String(n + 1)), element("b", one.name));
    if (one.tied) head.append(element("em", t("near.tied")));
    const far = one.distance_m === null ? "" : `${t(`near.${one.measure}`)} ${distance(one.distance_m)}`;
    head.append(element("span", far));
    const age = one.age_s === null ? t("near.unseen") : t("near.ago", { age: span(one.age_s * 1000) });
    const [title, detail] = said(this.page.texts, one.reason);
    const between = one.barrier ? t(`near.behind_${one.barrier}`) : "";
    const why = element("small", [title, age, between].filter(Boolean).join(" · "));
    item.dataset.worker = one.worker;
    item.title = detail;
    item.append(head, why, this.hooks.person?.(one) ?? "");
    return item;
  }

  /** Is it told already? @param {any} spot @param {string} category */
  async alike(spot, category) {
    this.likely = [];
    this.tell();
    if (!spot) return;
    const number = (this.likelyAsked = (this.likelyAsked ?? 0) + 1);
    const drill = document.body.classList.contains("drilling");
    const query = new URLSearchParams({
      lon: spot.lon, lat: spot.lat, category, drill: String(drill),
    });
    try {
      const { items } = await ask(`${this.page.incidents}/duplicates?${query}`);
      if (number !== this.likelyAsked || !this.open) return;
      this.likely = items;
      this.tell();
    } catch {
      // Only a hint: without it the call is reported as a new one.
    }
  }

  tell() {
    document.getElementById("same").hidden = !this.likely.length;
    document.getElementById("same-list").replaceChildren(
      ...this.likely.map(({ incident, distance_m }, n) => {
        const item = element("li");
        const age = span(this.store.now() - Date.parse(incident.reported_at));
        const far = distance_m < 10 ? t("near.here") : distance(distance_m);
        const where = [far, t("near.ago", { age }), incident.label].filter(Boolean);
        item.append(element("b", incident.title), element("small", where.join(" · ")));
        const button = element("button", n ? t("desk.join") : `${t("desk.join")} F7`);
        button.setAttribute("type", "button");
        button.addEventListener("click", () => this.hooks.join(incident));
        item.append(button);
        return item;
      }),
    );
  }

  /** F7: the first likely one. */
  joinFirst() {
    if (this.likely.length) this.hooks.join(this.likely[0].incident);
  }

  /** Taken back, or reported: nothing of it is kept for the next call. */
  clear() {
    this.hide();
    this.likely = [];
    this.tell();
  }

  /** Nobody is asked for any more. */
  hide() {
    this.open = false;
    this.kept = null;
    clearTimeout(this.again);
    this.asked += 1;
    document.getElementById("near").replaceChildren();
    for (const id of ["shortfall", "left-out"]) document.getElementById(id).textContent = "";
    this.spots.near({ lon: 0, lat: 0 }, []);
  }
}

/** @param {{lon: number, lat: number}} spot */
const keyOf = (spot) => `lon=${spot.lon}&lat=${spot.lat}`;

/**
 * Put people into a list. Whoever keeps his place keeps his button: a list that is told anew every
 * few seconds must not lose a tap.
 * @param {HTMLElement} list @param {HTMLElement[]} items
 */
function fill(list, items) {
  const there = /** @type {HTMLElement[]} */ ([...list.children]);
  const same = there.length === items.length && there.every((old, n) => old.dataset.worker === items[n].dataset.worker);
  if (!same) {
    list.replaceChildren(...items);
    return;
  }
  there.forEach((old, n) => {
    const [kept, fresh] = [old, items[n]].map((item) => item.querySelector("button"));
    if (!kept || !fresh) {
      old.replaceWith(items[n]);
      return;
    }
    old.className = items[n].className;
    old.title = items[n].title;
    for (const child of [...old.children]) if (child !== kept) child.remove();
    fresh.remove();
    old.prepend(...items[n].children);
  });
}
