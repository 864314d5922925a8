// SPDX-License-Identifier: Apache-2.0
// The planner's page: open a plan, draw on it, see what it means. Nothing of his is lost: where he is,
// what he holds and what he has drawn survive a reload and another planner's edit.

/* global L, map_planner */
import { ask, Refused } from "./ask.js";
import { Ground } from "./ground.js";
import { Labels } from "./labels.js";
import { follow, json } from "./live.js";
import { element } from "./patrol_words.js";
import { BorderTool } from "./planner_border.js";
import { Busy, Plan } from "./planner_draft.js";
import { labelsOf } from "./planner_labels.js";
import { COLORS, PlanLayer, STEPS } from "./planner_layer.js";
import { Found, Lock, Look, Merge, Reassign, Rename } from "./planner_picks.js";
import { Plans } from "./planner_plans.js";
import { Split, Transfer } from "./planner_shapes.js";
import * as side from "./planner_side.js";
import { Snap } from "./planner_snap.js";
import { Toolbox } from "./planner_tools.js";
import "./planner_words.js";
import { language, otherLanguage, speak, t } from "./words.js";

const KEPT = "wangge-planner";
const NOTE_MS = 9000;
const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_planner;
const at = (/** @type {string} */ id) => document.getElementById(id);

// Only what is drawn on takes part in drawing.
L.PM.setOptIn(true);
map.pm.removeControls();

class Desk {
  constructor() {
    this.page = page;
    this.map = map;
    this.ground = new Ground(map);
    this.layer = new PlanLayer(map, "plan", 420);
    map.createPane("drawing").style.zIndex = "480";
    map.pm.setGlobalOptions({ panes: { layerPane: "drawing", vertexPane: "markerPane", markerPane: "markerPane" } });
    this.labels = new Labels(map, this.ground, boxes, () => (this.plan ? labelsOf(this.plan) : []));
    this.snap = new Snap(map, this.ground);
    /** @type {Plan|null} */
    this.plan = null;
    /** @type {string[]} cells chosen on the map */
    this.chosen = [];
    /** Buildings stay whole: borders go round them. */
    this.whole = true;
    /** What outlives a reload. @type {Record<string, any>} */
    this.kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    this.tab = this.kept.tab ?? "communities";
    this.plans = new Plans(this);
    this.toolbox = new Toolbox(this, [
      new Look(this), new BorderTool(this), new Transfer(this), new Split(this), new Merge(this),
      new Reassign(this), new Found(this), new Rename(this), new Lock(this),
    ]);
  }

  save() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.kept));
  }

  /**
   * Open a plan; null: none.
   * @param {string|null} id
   * @param {boolean} [listed]  with the list of plans open beside it
   */
  async open(id, listed = false) {
    this.toolbox.use("look");
    this.choose([]);
    this.plans.unfolded = listed;
    let plan = null;
    if (id) {
      plan = new Plan(page.plans, { id });
      try {
        await plan.load();
      } catch (error) {
        plan = null;
        this.say(error.message, "problem");
      }
    }
    this.plan = plan;
    this.kept.plan = plan?.id;
    const address = new URL(location.href);
    if (plan && !listed) address.searchParams.set("plan", plan.id);
    else address.searchParams.delete("plan");
    window.history.replaceState(null, "", address);
    this.layer.show(plan);
    this.shown();
  }

  /** Carry out an edit and tell what came of it. @param {any} body @returns {Promise<any>} null: refused */
  async edit(body) {
    const { plan } = this;
    const before = new Map([...plan.cells].map(([code, cell]) => [code, cell.households]));
    const done = await this.changing(() => plan.edit(body));
    if (!done) return null;
    const changed = done.changed.features.map((feature) => feature.properties.code);
    this.layer.update(changed);
    this.shown();
    const { asked_m2: asked, moved_m2: moved } = done;
    const households = changed
      .filter((code) => before.has(code) && before.get(code) !== plan.cells.get(code).households)
      .map((code) => t("done.households", { cell: plan.name(code), before: before.get(code), after: plan.cells.get(code).households }));
    if (asked === null || asked === undefined) this.say(t(`done.${body.op}`, { n: changed.filter((code) => !before.has(code)).length }), "good");
    else this.say([t("done.moved", { asked: side.area(asked), moved: side.area(moved) }), ...households].join(t("done.and")), "good");
    return done;
  }

  /** Do something to the plan; refusals are told, and where. @param {() => Promise<any>} act */
  async changing(act) {
    document.body.classList.add("busy");
    try {
      return (await act()) ?? true;
    } catch (error) {
      if (error instanceof Busy) return null;
      if (error instanceof Refused && error.status === 412) await this.stale();
      else {
        this.say(this.named(error.message), "problem");
        if (error instanceof Refused && typeof error.said.lon === "number") this.flash(error.said.lon, error.said.lat);
      }
      return null;
    } finally {
      document.body.classList.remove("busy");
    }
  }

  /** Somebody else went on drawing: show what he did; what was drawn here stays. */
  async stale() {
    const { plan } = this;
    const mine = plan.entry.revision;
    await plan.load();
    const { items } = await ask(`${plan.url}/steps?after=${mine}`);
    this.layer.show(plan);
    this.shown();
    const what = items.map((step) => `${step.by ?? ""}：${side.told(plan, step)}`).join("；");
    this.say(t("planner.stale", { what }), "warn");
  }

  async undo() {
    if (this.plan?.drawable && this.plan.entry.can_undo) await this.turn(() => this.plan.undo(), "done.undo");
  }

  async redo() {
    if (this.plan?.drawable && this.plan.entry.can_redo) await this.turn(() => this.plan.redo(), "done.redo");
  }

  async turn(act, word) {
    if (!(await this.changing(act))) return;
    this.layer.show(this.plan);
    this.shown();
    this.say(t(word), "good");
  }

  /** The plan is another now, or another plan is open. */
  shown() {
    const { plan } = this;
    if (plan) this.chosen = this.chosen.filter((code) => plan.cells.has(code));
    this.layer.choose(this.chosen);
    this.toolbox.tool.changed?.();
    this.labels.read();
    document.body.classList.toggle("opened", Boolean(plan));
    this.plans.show();
    this.toolbox.show();
    this.bar();
    at("balance").hidden = at("cell").hidden = at("tabs").hidden = at("legend").hidden = !plan;
    if (!plan) return;
    side.figures(plan, at("figures"));
    side.histogram(plan, at("histogram"));
    this.about(null);
    this.show(this.tab);
  }

  bar() {
    const entry = this.plan?.entry;
    const drawable = Boolean(this.plan?.drawable);
    for (const [id, able] of [["undo", entry?.can_undo], ["redo", entry?.can_redo]]) {
      /** @type {HTMLButtonElement} */ (at(id)).disabled = !drawable || !able;
      at(id).hidden = !drawable;
    }
    at("state").textContent = !entry ? "" : drawable ? t("planner.saved", { n: entry.revision }) : t("planner.read_only");
  }

  /** Open a tab beside the map. @param {string} name */
  show(name) {
    this.tab = this.kept.tab = name;
    this.save();
    for (const one of at("tab-names").querySelectorAll("button")) {
      one.setAttribute("aria-selected", String(one.dataset.tab === name));
    }
    const box = at("tab");
    if (name === "communities") side.communities(this, box);
    else side.history(this, box).catch((error) => this.say(error.message, "problem"));
  }

  /** Buttons for the open plan beyond those of every plan. */
  acts() {
    return [];
  }

  /** @param {string[]} codes */
  choose(codes) {
    this.chosen = [...codes];
    this.layer.choose(codes);
    this.about(null);
  }

  /** Show a cell's figures: the one pointed at, else the one chosen. @param {any} pointed */
  about(pointed) {
    if (!this.plan) return;
    const cell = pointed ?? (this.chosen.length === 1 ? this.plan.cells.get(this.chosen[0]) : null);
    side.cellCard(this.plan, cell ?? null, at("cell"));
  }

  /** @param {string} text @param {string} [kind] */
  say(text, kind = "") {
    clearTimeout(this.saying);
    at("note").textContent = text;
    at("note").className = `note ${kind}`;
    at("note").hidden = !text;
    if (kind === "good") this.saying = setTimeout(() => this.say(""), NOTE_MS);
  }

  /** Codes of cells in a sentence by their names. @param {string} text */
  named(text) {
    return text.replace(/\d{6}(?:[0-9D-Z]\d\d){2,3}/g, (code) => this.plan?.name(code) ?? code);
  }

  /** Let a place flash, and bring it into sight. @param {number} lon @param {number} lat */
  flash(lon, lat) {
    this.flashing?.remove();
    if (!map.getBounds().pad(-0.15).contains([lat, lon])) map.panTo([lat, lon]);
    const icon = L.divIcon({ className: "flash", iconSize: [0, 0] });
    this.flashing = L.marker([lat, lon], { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(map);
    setTimeout(() => this.flashing?.remove(), 6000);
  }

  /** @param {any[]} cells */
  zoomTo(cells) {
    const box = [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...cells.map((cell) => cell.box[i])));
    fit(box);
    this.choose(cells.map((cell) => cell.code));
  }

  /** @param {string} instant */
  moment(instant) {
    const style = /** @type {Intl.DateTimeFormatOptions} */ ({
      timeZone: page.time_zone, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "zh-CN", style).format(new Date(instant));
  }
}

/** What names keep clear of. */
function boxes() {
  return [...document.querySelectorAll(".bar, .left > section:not([hidden]), .right > section:not([hidden]), .legend")].map((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    return [left, top, right, bottom];
  });
}

/** Fit west, south, east, north between the panels. @param {number[]} box */
function fit([west, south, east, north]) {
  const left = document.querySelector(".left").getBoundingClientRect().right;
  const right = innerWidth - document.querySelector(".right").getBoundingClientRect().left;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  map.fitBounds([[south, west], [north, east]], {
    paddingTopLeft: [left + 20, top + 10], paddingBottomRight: [right + 20, 50], animate: false, maxZoom: 17,
  });
}

const desk = new Desk();

/** @param {KeyboardEvent} event */
function key(event) {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  const typing = document.activeElement?.matches("input:not([type=checkbox]), textarea, select");
  if (typing && event.key !== "Escape") return;
  const held = event.ctrlKey || event.metaKey;
  const letter = event.key.toLowerCase();
  const done = () => event.preventDefault();
  if (document.activeElement?.matches("button") && event.key === "Enter") return;
  if (desk.toolbox.tool.key?.(event)) done();
  else if (held && letter === "z" && !event.shiftKey) {
    done();
    desk.undo();
  } else if (held && (letter === "y" || (letter === "z" && event.shiftKey))) {
    done();
    desk.redo();
  } else if (event.key === "Escape") {
    if (desk.toolbox.tool.name !== "look") desk.toolbox.use("look");
    else desk.choose([]);
  }
}

/** The colours, from too few to too many. */
function legend() {
  const scale = at("scale");
  scale.replaceChildren(
    ...COLORS.map((color, i) => {
      const one = element("li");
      const patch = element("i");
      patch.style.background = color;
      const share = STEPS[i];
      one.append(patch, element("span", share === undefined ? "" : side.signed(share)));
      return one;
    }),
  );
}

function say() {
  speak();
  for (const one of document.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", t(/** @type {HTMLElement} */ (one).dataset.label));
  }
  legend();
  desk.shown();
}

/** Another planner drew, or the plan in force changed. @param {import("./live.js").Message[]} messages */
async function happened(messages) {
  const plans = messages.filter(({ event }) => /^(plan|draft)\./.test(event));
  if (!plans.length) return;
  await desk.plans.read();
  const { plan } = desk;
  const newest = Math.max(...plans.map(({ data }) => (data.body?.id === plan?.id ? (data.body.revision ?? 0) : 0)));
  if (!plan || plan.busy || newest <= plan.entry.revision) return;
  await desk.stale();
}

async function main() {
  const { kept } = desk;
  const [west, south, east, north] = page.focus;
  map.fitBounds([[south, west], [north, east]], { animate: false });
  desk.ground.drawn = () => desk.labels.read();
  say();
  fit(page.focus);
  if (kept.view) map.setView(kept.view.slice(0, 2), kept.view[2], { animate: false });
  await Promise.all([desk.plans.read(), desk.ground.load()]);
  const asked = new URLSearchParams(location.search).get("plan");
  if (!asked) {
    // Something to look at beside the list: what holds today.
    await desk.open(desk.plans.inForce?.id ?? null, true);
  } else {
    const { tool, shape, chosen } = kept.plan === asked ? kept : {};
    await desk.open(asked);
    if (chosen) desk.choose(chosen.filter((code) => desk.plan?.cells.has(code)));
    if (desk.plan?.drawable && tool) desk.toolbox.use(tool);
    if (shape && shape.tool === desk.toolbox.tool.name) desk.toolbox.tool.restore?.(shape);
  }
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    kept.view = [lat, lng, map.getZoom()];
    desk.save();
  });
  map.on("mousemove", ({ latlng }) => {
    if (!desk.plan) return;
    const cell = desk.plan.at(latlng.lng, latlng.lat);
    desk.layer.hover(cell?.code ?? null);
    desk.about(cell);
    desk.toolbox.tool.move?.(latlng);
  });
  map.on("mouseout", () => {
    desk.layer.hover(null);
    desk.about(null);
  });
  map.on("click", ({ latlng, originalEvent }) => {
    if (!desk.plan) return;
    desk.toolbox.tool.click?.(desk.plan.at(latlng.lng, latlng.lat), latlng, originalEvent);
    kept.chosen = desk.chosen;
    desk.save();
  });
  addEventListener("keydown", key);
  at("undo").addEventListener("click", () => desk.undo());
  at("redo").addEventListener("click", () => desk.redo());
  at("note").addEventListener("click", () => desk.say(""));
  at("fold").addEventListener("click", () => {
    desk.plans.unfolded = !desk.plans.unfolded;
    desk.plans.show();
  });
  at("begin").addEventListener("click", () => desk.plans.begin());
  for (const one of at("tab-names").querySelectorAll("button")) one.addEventListener("click", () => desk.show(one.dataset.tab));
  at("language").addEventListener("click", () => {
    otherLanguage();
    say();
  });
  at("leave").addEventListener("click", async () => {
    await fetch(page.sign_out, { method: "DELETE" });
    location.assign("/login");
  });
  document.documentElement.dataset.ready = "true";
  await follow(page.live, {
    reload: async () => {
      const { seq, epoch } = await json(page.state);
      return { seq, epoch };
    },
    happened: (messages) => happened(messages).catch((error) => desk.say(error.message, "problem")),
    link: (state) => {
      document.documentElement.dataset.link = state;
      at("cut").hidden = state !== "lost" && state !== "ended";
      at("cut").textContent = t(state === "ended" ? "alarm.signed_out" : "link.lost");
    },
  });
}

main();
