// SPDX-License-Identifier: Apache-2.0
// The toolbox: one tool at a time, its instruction, and what it asks for.

import { element } from "./patrol_words.js";
import { t } from "./words.js";

/**
 * What a tool is: the toolbox calls these, each of them if it is there.
 * @typedef {object} Tool
 * @property {string} name
 * @property {() => void} [start]
 * @property {() => void} [stop]
 * @property {(cell: import("./planner_draft.js").Cell|null, at: any, event: MouseEvent) => void} [click]
 * @property {(at: any) => void} [move]
 * @property {(event: KeyboardEvent) => boolean} [key]  whether it was meant for the tool
 * @property {() => HTMLElement[]} card
 * @property {() => void} [changed]  the plan is another now
 * @property {(kept: any) => void} [restore]  what was kept of an unfinished piece of work
 * @property {boolean} [looks]  it changes nothing
 */

export class Toolbox {
  /** @param {any} desk @param {Tool[]} tools */
  constructor(desk, tools) {
    this.desk = desk;
    this.tools = new Map(tools.map((tool) => [tool.name, tool]));
    /** @type {Tool} */
    this.tool = tools[0];
    this.bar = document.getElementById("tools");
    this.cardBox = document.getElementById("card");
    for (const { name } of tools) {
      const button = element("button");
      button.setAttribute("type", "button");
      button.dataset.tool = name;
      button.append(icon(name), element("span"));
      button.addEventListener("click", () => this.use(name));
      this.bar.append(button);
    }
  }

  /** Take another tool in hand. @param {string} name */
  use(name) {
    const tool = this.tools.get(name) ?? this.tools.get("look");
    if (!this.desk.plan?.drawable && !tool.looks) return;
    this.tool.stop?.();
    // What was chosen to be looked at is what the next tool works on; what another tool held is not.
    if (!this.tool.looks) this.desk.choose([]);
    if (this.tool !== tool) this.desk.say("");
    this.tool = tool;
    document.body.dataset.tool = tool.name;
    tool.start?.();
    this.desk.kept.tool = tool.name;
    this.desk.save();
    this.show();
  }

  /** Say it all anew. */
  show() {
    const drawable = Boolean(this.desk.plan?.drawable);
    for (const button of this.bar.querySelectorAll("button")) {
      const { tool } = button.dataset;
      button.querySelector("span").textContent = t(`tool.${tool}`);
      button.setAttribute("aria-pressed", String(tool === this.tool.name));
      button.disabled = !drawable && !this.tools.get(tool).looks;
    }
    this.card();
  }

  card() {
    const { tool } = this;
    const focused = document.activeElement?.closest("#card") ? document.activeElement.getAttribute("name") : null;
    this.cardBox.replaceChildren(
      element("h3", t(`tool.${tool.name}`)),
      element("p", t(this.desk.plan?.drawable ? `tool.${tool.name}.say` : "planner.published_say"), "say"),
      ...tool.card(),
    );
    if (focused) /** @type {HTMLElement} */ (this.cardBox.querySelector(`[name=${focused}]`))?.focus();
  }
}

const SVG = "http://www.w3.org/2000/svg";
// 20 x 20, drawn with lines alone.
const ICONS = {
  look: "M4 3l12 7-5 1.5L8.500 17z",
  border: "M3 5v10M17 5v10M10 2c3 5-3 11 0 16M6 10h-3m3 0l-1.500-1.500M6 10l-1.500 1.500M14 10h3",
  transfer: "M3 3h8v8H3zM11 7h6v10H8v-6M14 10v4m-2-2h4",
  split: "M3 3h14v14H3zM10 1v18",
  merge: "M3 3h14v14H3zM10 3v4m0 6v4M6 10h8m-3-2l3 2-3 2",
  reassign: "M3 3h6v6H3zM11 11h6v6h-6zM12 6h4v3m-2-2l2 2 2-2",
  found: "M3 17V9l7-6 7 6v8zM10 9v6m-3-3h6",
  rename: "M3 17h14M5 13l8-9 3 2.500-8 8.500H5z",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 016 0v3",
};

/** @param {string} name */
function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 20 20");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  made.append(path);
  return made;
}

/** A button. @param {string} text @param {() => void} act @param {string} [kind] */
export function button(text, act, kind = "") {
  const made = /** @type {HTMLButtonElement} */ (element("button", text, kind));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** A row of buttons. @param {HTMLElement[]} buttons */
export function row(...buttons) {
  const made = element("p", "", "row");
  made.append(...buttons);
  return made;
}

/** Labelled input or select. @param {string} text @param {HTMLElement} input */
export function labelled(text, input) {
  const made = element("label", "", "field");
  made.append(element("span", text), input);
  return made;
}

/**
 * A choice among some. @param {string} name @param {[string, string][]} options @param {string} value
 * @param {(value: string) => void} changed
 */
export function select(name, options, value, changed) {
  const made = /** @type {HTMLSelectElement} */ (element("select"));
  made.name = name;
  for (const [code, text] of options) {
    const option = /** @type {HTMLOptionElement} */ (element("option", text));
    option.value = code;
    option.selected = code === value;
    made.append(option);
  }
  made.addEventListener("change", () => changed(made.value));
  return made;
}

/** A line of text. @param {string} name @param {string} value @param {(value: string) => void} changed */
export function text(name, value, changed) {
  const made = /** @type {HTMLInputElement} */ (element("input"));
  Object.assign(made, { name, value, type: "text", maxLength: 60 });
  made.setAttribute("autocomplete", "off");
  made.addEventListener("input", () => changed(made.value));
  return made;
}

/** Whether buildings stay whole: what every tool that moves land asks. @param {any} desk */
export function wholeBuildings(desk) {
  const label = element("label", "", "check");
  const box = /** @type {HTMLInputElement} */ (element("input"));
  Object.assign(box, { type: "checkbox", name: "whole", checked: desk.whole });
  box.addEventListener("change", () => {
    desk.whole = box.checked;
  });
  label.append(box, element("span", t("planner.whole")));
  return label;
}

/** Cells as chips that can be taken back. @param {any} desk @param {string[]} codes @param {(code: string) => void} drop */
export function chips(desk, codes, drop) {
  const list = element("ul", "", "chips");
  for (const code of codes) {
    const item = element("li");
    const cell = desk.plan.cells.get(code);
    item.append(element("b", desk.plan.name(code)), element("small", cell ? t("planner.n_households", { n: cell.households }) : ""));
    const away = button("×", () => drop(code));
    away.setAttribute("aria-label", t("planner.take_back", { name: desk.plan.name(code) }));
    item.append(away);
    list.append(item);
  }
  return list;
}
