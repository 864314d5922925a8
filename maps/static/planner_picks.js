// SPDX-License-Identifier: Apache-2.0
// Tools that need no drawing: cells are picked on the map, the rest is a choice.

import { element } from "./patrol_words.js";
import { button, chips, labelled, row, select, text } from "./planner_tools.js";
import { t } from "./words.js";

/** Look around: a click chooses a cell. */
export class Look {
  constructor(desk) {
    this.desk = desk;
    this.name = "look";
    this.looks = true;
  }

  click(cell) {
    this.desk.choose(cell ? [cell.code] : []);
  }

  card() {
    return [];
  }
}

/** Cells, or whole communities, picked one after the other. */
class Picks {
  constructor(desk, name) {
    this.desk = desk;
    this.name = name;
    /** @type {string[]} cells or communities */
    this.picked = [];
    this.communities = false;
    this.title = "";
  }

  start() {
    this.picked = this.communities ? [] : [...this.desk.chosen];
    this.title = "";
    this.mark();
  }

  stop() {
    this.picked = [];
  }

  changed() {
    const { plan } = this.desk;
    this.picked = this.picked.filter((code) => plan.cells.has(code) || code in plan.areas);
    this.mark();
  }

  click(cell) {
    if (!cell) return;
    const code = this.communities ? cell.community : cell.code;
    if (this.picked.includes(code)) this.drop(code);
    else {
      this.picked.push(code);
      this.mark();
    }
  }

  drop(code) {
    this.picked = this.picked.filter((other) => other !== code);
    this.mark();
  }

  mark() {
    const { plan } = this.desk;
    const cells = [...plan.cells.keys()].filter((code) => this.picked.some((picked) => code.startsWith(picked)));
    this.desk.choose(cells);
    this.desk.toolbox.card();
  }

  chips() {
    if (!this.picked.length) return element("p", t(this.communities ? "planner.pick_communities" : "planner.pick_cells"), "hint");
    return chips(this.desk, this.picked, (code) => this.drop(code));
  }

  /** Whether cells or whole communities are meant. */
  levels() {
    const options = /** @type {[string, string][]} */ ([["cells", t("planner.cells")], ["communities", t("planner.whole_communities")]]);
    return labelled(t("planner.what"), select("level", options, this.communities ? "communities" : "cells", (value) => {
      this.communities = value === "communities";
      this.picked = [];
      this.to = "";
      this.mark();
    }));
  }

  /** Send, and begin anew when it was accepted. @param {any} body */
  async send(body) {
    if (!(await this.desk.edit(body))) return;
    this.picked = [];
    this.title = "";
    this.to = "";
    this.mark();
  }
}

export class Merge extends Picks {
  constructor(desk) {
    super(desk, "merge");
  }

  card() {
    const { plan } = this.desk;
    const households = this.picked.reduce((sum, code) => sum + (plan.cells.get(code)?.households ?? 0), 0);
    const go = button(t("planner.merge_go", { n: this.picked.length }), () => {
      this.send({ op: "merge", cells: this.picked, ...(this.title.trim() && { name: this.title.trim() }) });
    }, "go");
    go.disabled = this.picked.length < 2;
    return [
      this.chips(),
      ...(this.picked.length > 1 ? [element("p", t("planner.together", { n: households }), "sum")] : []),
      labelled(t("planner.new_name_optional"), text("name", this.title, (value) => {
        this.title = value;
      })),
      row(go),
    ];
  }
}

export class Reassign extends Picks {
  constructor(desk) {
    super(desk, "reassign");
    this.to = "";
  }

  card() {
    const { plan } = this.desk;
    const length = this.communities ? 9 : 12;
    const own = new Set(this.picked.map((code) => code.slice(0, length)));
    const parents = Object.keys(plan.areas).filter((code) => code.length === length && !(own.size === 1 && own.has(code)));
    // Those that touch what was picked are meant most often: they come first.
    const touching = this.communities ? new Set() : neighbours(plan, this.picked);
    parents.sort((a, b) => Number(touching.has(b)) - Number(touching.has(a)) || a.localeCompare(b));
    if (!parents.includes(this.to)) this.to = "";
    const options = /** @type {[string, string][]} */ ([
      ["", t("planner.choose")],
      ...parents.map((code) => [code, this.communities ? plan.name(code) : `${plan.name(code)} · ${plan.name(code.slice(0, 9))}`]),
    ]);
    const go = button(t("planner.reassign_go"), () => {
      this.send(this.communities
        ? { op: "reassign", communities: this.picked, subdistrict: this.to }
        : { op: "reassign", cells: this.picked, community: this.to });
    }, "go");
    go.disabled = !this.picked.length || !this.to;
    return [
      this.levels(),
      this.chips(),
      labelled(t(this.communities ? "planner.to_subdistrict" : "planner.to_community"), select("to", options, this.to, (value) => {
        this.to = value;
        go.disabled = !this.picked.length || !this.to;
      })),
      row(go),
    ];
  }
}

export class Found extends Picks {
  constructor(desk) {
    super(desk, "found");
    this.to = "";
  }

  card() {
    const { plan } = this.desk;
    const parents = Object.keys(plan.areas).filter((code) => code.length === 9).sort();
    const parent = this.communities ? Object.keys(plan.areas).find((code) => code.length === 6) : this.to || this.picked[0]?.slice(0, 9);
    const go = button(t("planner.found_go"), () => {
      this.send({ op: "found", areas: this.picked, parent, name: this.title.trim() });
    }, "go");
    const able = () => {
      go.disabled = !this.picked.length || !parent || !this.title.trim();
    };
    able();
    const options = /** @type {[string, string][]} */ (parents.map((code) => [code, plan.name(code)]));
    return [
      this.levels(),
      this.chips(),
      ...(this.communities ? [] : [labelled(t("planner.in_subdistrict"), select("to", options, parent ?? "", (value) => {
        this.to = value;
        this.desk.toolbox.card();
      }))]),
      labelled(t(this.communities ? "planner.subdistrict_name" : "planner.community_name"), text("name", this.title, (value) => {
        this.title = value;
        able();
      })),
      row(go),
    ];
  }
}

export class Rename {
  constructor(desk) {
    this.desk = desk;
    this.name = "rename";
    this.length = 15;
    this.title = "";
  }

  start() {
    this.title = this.subject ? this.desk.plan.name(this.subject) : "";
  }

  get subject() {
    return this.desk.chosen[0]?.slice(0, this.length);
  }

  click(cell) {
    this.desk.choose(cell ? [cell.code] : []);
    this.start();
    this.desk.toolbox.card();
    /** @type {HTMLInputElement} */ (document.querySelector("#card [name=name]"))?.select();
  }

  card() {
    if (!this.subject) return [element("p", t("planner.pick_one"), "hint")];
    const { plan } = this.desk;
    const options = /** @type {[string, string][]} */ ([15, 12, 9].map((length) => {
      const code = this.desk.chosen[0].slice(0, length);
      return [String(length), `${t(`level.${length}`)} · ${plan.name(code)}`];
    }));
    const send = async () => {
      const name = this.title.trim();
      if (name && name !== plan.name(this.subject)) await this.desk.edit({ op: "rename", cell: this.subject, name });
    };
    const field = text("name", this.title, (value) => {
      this.title = value;
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) send();
    });
    return [
      labelled(t("planner.what"), select("level", options, String(this.length), (value) => {
        this.length = Number(value);
        this.start();
        this.desk.toolbox.card();
      })),
      labelled(t("planner.new_name"), field),
      row(button(t("planner.rename_go"), send, "go")),
    ];
  }
}

export class Lock {
  constructor(desk) {
    this.desk = desk;
    this.name = "lock";
  }

  click(cell) {
    if (cell) this.desk.edit({ op: "lock", cells: [cell.code], locked: !cell.locked });
  }

  card() {
    const locked = [...this.desk.plan.cells.values()].filter((cell) => cell.locked).map((cell) => cell.code);
    if (!locked.length) return [element("p", t("planner.none_locked"), "hint")];
    return [
      chips(this.desk, locked, (code) => this.desk.edit({ op: "lock", cells: [code], locked: false })),
      row(button(t("planner.unlock_all"), () => this.desk.edit({ op: "lock", cells: locked, locked: false }))),
    ];
  }
}

/** Communities that share a border with some cells. @param {any} plan @param {string[]} codes */
function neighbours(plan, codes) {
  const found = new Set();
  for (const { cells } of plan.topology.borders()) {
    if (!cells.some((code) => codes.includes(code))) continue;
    for (const code of cells) if (!codes.includes(code)) found.add(code.slice(0, 12));
  }
  return found;
}
