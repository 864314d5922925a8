// SPDX-License-Identifier: Apache-2.0
// The chosen incident: what is known of it, its rings with their clocks, what was done about it.

import { ask } from "./ask.js";
import { countDown, rangAfter } from "./desk_linkup.js";
import { said } from "./desk_words.js";
import { clock, dial, element, moment } from "./patrol_words.js";
import { span, t } from "./words.js";

const COUNT_MS = 200;

export class Detail {
  /**
   * @param {any} page
   * @param {import("./store.js").Store} store
   * @param {(code: string|null) => string} cellName
   * @param {(act: string) => void} act
   * @param {import("./desk_linkup.js").LinkupView} linkup
   */
  constructor(page, store, cellName, act, linkup) {
    this.page = page;
    this.store = store;
    this.cellName = cellName;
    this.act = act;
    this.linkup = linkup;
    this.root = document.getElementById("detail");
    /** @type {string|null} */
    this.id = null;
    /** What the service says beyond the live row. @type {any} */
    this.more = null;
    this.fetching = 0;
    this.reading = Promise.resolve();
    setInterval(() => countDown(this.root, this.store.now()), COUNT_MS);
  }

  /** @param {string|null} id */
  open(id) {
    if (this.id !== id) this.more = null;
    this.id = id;
    this.show();
    this.reading = this.read();
  }

  /** Facts about it have come. @param {{data: any}[]} messages */
  happened(messages) {
    const mine = messages.some(({ data }) =>
      data?.collection === "incidents" ? data.id === this.id : data?.body?.incident === this.id,
    );
    if (!mine) return;
    this.show();
    this.reading = this.read();
  }

  async read() {
    const id = this.id;
    if (!id) return;
    const number = ++this.fetching;
    try {
      const more = await ask(`${this.page.incidents}/${id}`);
      if (number !== this.fetching || id !== this.id) return;
      this.more = more;
      this.show();
    } catch {
      // The live row is shown; the rest comes with the next event about it.
    }
  }

  row() {
    return this.id ? this.store.all("incidents").get(this.id) : undefined;
  }

  show() {
    const row = this.row();
    this.root.hidden = !row;
    if (!row) return;
    const standing = this.store.standing(row);
    this.root.className = `detail ${row.severity} ${standing}`;
    document.getElementById("about").replaceChildren(...this.about(row, standing));
    this.acts(row, standing);
    this.linkup.show(row, this.store.linkupOf(row.id));
    document.getElementById("told").replaceChildren(...this.told());
    countDown(this.root, this.store.now());
  }

  about(row, standing) {
    const head = element("header");
    const title = element("h2");
    if (row.origin === "drill") title.append(element("em", t("desk.drill_mark"), "drill"));
    title.append(row.title);
    head.append(title, element("p", t(`status.${standing}`), "standing"));
    const list = element("dl");
    const line = (name, value) => {
      if (value) list.append(element("dt", t(name)), value instanceof Node ? dd(value) : element("dd", value));
    };
    const more = this.more ?? {};
    line("desk.category", `${t(`severity.${row.severity}`)} · ${t(`category.${row.category}`).replace("category.", "")}`);
    line("detail.place", row.label || (row.status === "unlocated" ? said(this.page.texts, more.place_reason)[1] : ""));
    const words = more.place?.address;
    if (words && words !== row.label) line("detail.place", t("detail.said", { said: words }));
    line("detail.cell", this.cellName(row.cell));
    line("detail.caller", more.reporter && caller(more.reporter));
    line("detail.reported", moment(row.reported_at, this.page.time_zone, true));
    line("detail.department", row.department);
    const into = row.merged_into && this.store.all("incidents").get(row.merged_into);
    line("detail.merged_into", into?.title ?? (row.merged_into ? row.merged_into.slice(0, 8) : ""));
    line("detail.outcome", more.outcome);
    return [head, list];
  }

  acts(row, standing) {
    const running = this.store.linkupOf(row.id)?.status === "open";
    const open = row.status !== "closed";
    const list = [
      ["link", "L", open && !running && row.status !== "unlocated"],
      ["widen", "W", standing === "calling" || standing === "unanswered"],
      ["acknowledge", "A", running && this.store.linkupOf(row.id).climb.some((step) => step.state === "asked")],
      ["place", "P", open], ["merge", "M", open], ["transfer", "T", open], ["close", "C", open],
      ["print", "H", true],
    ];
    const nav = document.getElementById("acts");
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset.act;
    nav.replaceChildren(
      ...list.filter(([, , may]) => may).map(([name, key]) => {
        const button = element("button", t(`act.${name}`));
        button.setAttribute("type", "button");
        button.dataset.act = String(name);
        button.append(" ", element("kbd", String(key)));
        button.addEventListener("click", () => this.act(String(name)));
        return button;
      }),
    );
    if (focused) /** @type {HTMLElement} */ (nav.querySelector(`[data-act=${focused}]`))?.focus();
  }

  told() {
    const more = this.more;
    if (!more) return [];
    const zone = this.page.time_zone;
    const made = [];
    const block = (name, items) => {
      if (!items.length) return;
      const section = element("section", "", "told");
      const list = element("ol");
      list.append(...items);
      section.append(element("h3", t(name)), list);
      made.push(section);
    };
    const row = (at, text) => {
      const item = element("li");
      item.append(element("time", clock(at, zone)), element("span", text));
      return item;
    };
    if (more.status === "unlocated") {
      block("detail.candidates", more.candidates.map((one) => element("li", one.label)));
    }
    block("detail.further", more.further_calls.map((one) =>
      row(one.at, [one.text, one.reporter && Object.values(one.reporter).join(" ")].filter(Boolean).join(" · "))));
    block("detail.merged", more.merged.map((one) => row(one.reported_at, one.title)));
    block("detail.department", more.transfers.map((one) => row(one.at, [one.name, one.text].filter(Boolean).join(" · "))));
    const s = rangAfter(more.heard_at, more.linkup);
    if (s !== null) {
      const took = s < 120 ? t("desk.watch", { s: s.toFixed(1) }) : span(s * 1000);
      made.push(element("p", t("detail.heard", { took }), "took"));
    }
    return made;
  }
}

/** @param {Node} inner */
function dd(inner) {
  const made = element("dd");
  made.append(inner);
  return made;
}

/** @param {{name?: string, phone?: string, note?: string}} reporter */
function caller({ name, phone, note }) {
  const made = element("span", [name, note].filter(Boolean).join(" · "));
  if (phone) made.append(" ", dial(phone));
  return made;
}
