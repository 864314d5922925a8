// SPDX-License-Identifier: Apache-2.0
// What a plan means, beside the map: balance in figures and charts, one cell, what was done.

import { ask } from "./ask.js";
import { shape } from "./charts.js";
import { element } from "./patrol_words.js";
import { provisional } from "./planner_draft.js";
import { colorOf } from "./planner_layer.js";
import { term } from "./planner_terms.js";
import { t } from "./words.js";

/** A cell within this of the mean is in balance. */
const TOLERANCE = 0.15;
const BINS = 24;

/** A share as people read it, with its sign. @param {number} share */
export const signed = (share) => `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(Math.round(share * 100))}%`;

/** @param {number} m2 */
export const area = (m2) => (m2 >= 1e6 ? t("planner.km2", { n: (m2 / 1e6).toFixed(2) }) : t("planner.m2", { n: Math.round(m2).toLocaleString("en") }));

/** Figures of the whole plan. @param {any} plan @param {HTMLElement} box */
export function figures(plan, box) {
  const { mean } = plan;
  const all = [...plan.cells.values()].map((cell) => plan.deviation(cell, mean));
  const most = all.reduce((worst, one) => (Math.abs(one) > Math.abs(worst) ? one : worst), 0);
  const within = all.filter((one) => Math.abs(one) <= TOLERANCE).length;
  const rows = [
    ["planner.fig_cells", String(plan.cells.size)],
    ["planner.fig_mean", String(Math.round(mean))],
    ["planner.fig_most", signed(most)],
    ["planner.fig_within", `${within}`],
  ];
  if (plan.metrics) {
    const { overall } = plan.metrics;
    rows.push(
      ["planner.fig_compact", overall.polsby_popper.toFixed(2)],
      ["planner.fig_patrol", t("planner.km", { n: (overall.patrol_m / 1000 / overall.cells).toFixed(1) })],
      ["planner.fig_barriers", String(overall.barriers_crossed)],
      ["planner.fig_apart", String(overall.not_contiguous)],
    );
  }
  box.replaceChildren(
    ...rows.map(([name, value]) => {
      const one = element("div");
      one.append(term(name), element("dd", value));
      return one;
    }),
  );
}

/** How many cells have how many households. @param {any} plan @param {HTMLElement} box */
export function histogram(plan, box) {
  const { mean } = plan;
  const counts = [...plan.cells.values()].map((cell) => cell.households);
  const most = Math.max(...counts, 1);
  const step = 10 ** Math.floor(Math.log10(most));
  const end = Math.ceil((most * 1.02) / step) * step;
  const bins = new Array(BINS).fill(0);
  for (const count of counts) bins[Math.min(BINS - 1, Math.floor((count / end) * BINS))] += 1;
  const [width, height, bottom, top] = [360, 132, 20, 16];
  const tall = Math.max(...bins, 1);
  const x = (households) => (households / end) * width;
  const y = (many) => height - bottom - ((height - bottom - top) * many) / tall;
  const chart = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("planner.histogram"), class: "chart" });
  chart.append(shape("rect", {
    x: x(mean * (1 - TOLERANCE)), y: top, width: x(2 * mean * TOLERANCE), height: height - bottom - top, class: "band",
  }));
  bins.forEach((many, i) => {
    if (!many) return;
    const middle = ((i + 0.5) / BINS) * end;
    const bar = shape("rect", { x: (i * width) / BINS + 1, y: y(many), width: width / BINS - 2, height: height - bottom - y(many) });
    bar.style.fill = colorOf(mean ? middle / mean - 1 : 0);
    bar.append(shape("title", {}, t("planner.bin", { from: Math.round((i * end) / BINS), until: Math.round(((i + 1) * end) / BINS), n: many })));
    chart.append(bar);
  });
  chart.append(
    shape("line", { x1: 0, x2: width, y1: height - bottom, y2: height - bottom, class: "base" }),
    shape("line", { x1: x(mean), x2: x(mean), y1: top - 4, y2: height - bottom, class: "mean" }),
    shape("text", { x: x(mean), y: top - 6, class: "axis" }, t("planner.mean_is", { n: Math.round(mean) })),
    shape("text", { x: 0, y: height - 5, class: "axis start" }, "0"),
    shape("text", { x: width, y: height - 5, class: "axis end" }, t("planner.n_households", { n: end })),
  );
  box.replaceChildren(chart);
}

/**
 * Each community: where its cells lie between too few and too many households.
 * @param {any} desk @param {HTMLElement} box
 */
export function communities(desk, box) {
  const { plan } = desk;
  const { mean } = plan;
  const found = [...plan.communities()].map(([code, cells]) => {
    const all = cells.map((cell) => plan.deviation(cell, mean));
    return { code, cells, all, spread: Math.max(...all.map(Math.abs)) };
  });
  found.sort((a, b) => b.spread - a.spread);
  // One that strays far must not make all others one dot.
  const end = Math.max(0.2, Math.min(1.5, Math.max(...found.map((one) => one.spread))));
  const list = element("ol", "", "communities");
  for (const { code, cells, all, spread } of found) {
    const item = element("li");
    const go = element("button");
    go.setAttribute("type", "button");
    go.append(element("b", plan.name(code)), element("small", t("planner.n_cells", { n: cells.length })));
    const strip = shape("svg", { viewBox: "0 0 140 16", class: "strip", "aria-hidden": "true" });
    const x = (share) => 70 + Math.max(-1, Math.min(1, share / end)) * 64;
    strip.append(
      shape("rect", { x: x(-TOLERANCE), y: 1, width: x(TOLERANCE) - x(-TOLERANCE), height: 14, class: "band" }),
      shape("line", { x1: 70, x2: 70, y1: 0, y2: 16, class: "mean" }),
      shape("line", { x1: x(Math.min(...all)), x2: x(Math.max(...all)), y1: 8, y2: 8, class: "span" }),
    );
    cells.forEach((cell, i) => {
      const dot = shape("circle", { cx: x(all[i]), cy: 8, r: 4.5 });
      dot.style.fill = colorOf(all[i]);
      dot.append(shape("title", {}, `${cell.name} ${signed(all[i])}`));
      strip.append(dot);
    });
    const worst = all.find((one) => Math.abs(one) === spread) ?? 0;
    go.append(strip, element("span", signed(worst), "worst"));
    go.addEventListener("click", () => desk.zoomTo(cells));
    item.append(go);
    list.append(item);
  }
  box.replaceChildren(element("p", t("planner.communities_say", { n: Math.round(TOLERANCE * 100) }), "say"), list);
}

/** What parts a cell, in words. @param {string} said  kind and name */
function barrier(said) {
  const [kind, ...name] = said.split(":");
  return t(`barrier.${kind}`, { name: name.join(":") });
}

/** One cell in figures. @param {any} plan @param {any} cell @param {HTMLElement} box */
export function cellCard(plan, cell, box) {
  box.classList.toggle("empty", !cell);
  if (!cell) {
    box.replaceChildren(element("p", t("planner.point_at"), "hint"));
    return;
  }
  const deviation = plan.deviation(cell);
  const head = element("p", "", "title");
  head.append(element("b", cell.name));
  if (provisional(cell.code)) head.append(element("em", t("planner.provisional"), "draft"));
  if (cell.locked) head.append(element("em", t("planner.locked"), "locked"));
  const mark = element("i", "", "swatch");
  mark.style.background = colorOf(deviation);
  const big = element("p", "", "big");
  big.append(mark, element("b", String(cell.households)), element("span", t("planner.households")), element("strong", signed(deviation)));
  const rows = [
    ["planner.code", cell.code],
    ["planner.community", `${plan.name(cell.community)} · ${plan.name(cell.code.slice(0, 9))}`],
    ["planner.buildings", `${cell.buildings} / ${cell.groups}`],
    ["planner.area", area(cell.area_m2)],
  ];
  const more = plan.metrics?.cells[cell.code];
  if (more) {
    rows.push(
      ["planner.patrol", t("planner.km", { n: (more.patrol_m / 1000).toFixed(1) })],
      ["planner.incidents", String(more.incidents)],
      ["planner.compact", `${more.polsby_popper.toFixed(2)} / ${more.reock.toFixed(2)}`],
    );
    if (more.barriers.length) rows.push(["planner.barriers", more.barriers.map(barrier).join("、")]);
    if (more.cut_off) rows.push(["planner.cut_off", t("planner.n_buildings", { n: more.cut_off })]);
  }
  if (provisional(cell.code)) {
    const from = cell.came_from.length ? cell.came_from.join("、") : "–";
    rows.push(["planner.came_from", from]);
  }
  const list = element("dl");
  for (const [name, value] of rows) {
    const one = element("div");
    one.append(term(name), element("dd", value));
    list.append(one);
  }
  box.replaceChildren(head, big, list);
}

/** What was done to a draft, the last first. @param {any} desk @param {HTMLElement} box */
export async function history(desk, box) {
  const { plan } = desk;
  if (!plan.drawable) {
    box.replaceChildren(element("p", t("planner.no_history"), "hint"));
    return;
  }
  const { items } = await ask(`${plan.url}/steps`);
  if (desk.plan !== plan || desk.tab !== "history") return;
  if (!items.length) {
    box.replaceChildren(element("p", t("planner.no_steps"), "hint"));
    return;
  }
  const holds = new Set(course(items).done);
  const list = element("ol", "", "steps");
  for (const step of [...items].reverse()) {
    const item = element("li", "", step.kind);
    if (!["undo", "redo"].includes(step.kind) && !holds.has(step)) item.classList.add("undone");
    item.append(
      element("b", told(desk, step)),
      element("small", `${step.by ?? "–"} · ${desk.moment(step.at)}`),
    );
    list.append(item);
  }
  box.replaceChildren(list);
}

/** The steps whose outcome holds, and those that were undone and may be done again. @param {any[]} items */
export function course(items) {
  const done = [];
  const undone = [];
  for (const step of items) {
    if (step.kind === "undo") undone.push(done.pop());
    else if (step.kind === "redo") done.push(undone.pop());
    else {
      done.push(step);
      undone.length = 0;
    }
  }
  return { done, undone };
}

/** A step in words. @param {any} desk @param {any} step */
export function told(desk, { kind, asked, outcome }) {
  if (kind !== "edit") return t(`step.${kind}`);
  // A cell that the plan has no more is called what it was called.
  const name = (/** @type {string} */ code) => desk.before(desk.plan.name(code));
  const names = (/** @type {string[]} */ codes) => codes.map(name).join("、");
  const said = {
    transfer: () => ({ cell: name(asked.to), area: area(outcome.moved_m2 ?? 0) }),
    redraw: () => ({ cells: names(asked.between), area: area(outcome.moved_m2 ?? 0) }),
    split: () => ({ cell: name(asked.cell), n: (outcome.changed ?? []).length }),
    merge: () => ({ cells: names(asked.cells) }),
    reassign: () => ({ cells: names(asked.cells ?? asked.communities), to: name(asked.community ?? asked.subdistrict) }),
    found: () => ({ name: asked.name }),
    rename: () => ({ cell: asked.cell, name: asked.name }),
    lock: () => ({ cells: names(asked.cells) }),
    declare: () => ({ area: name(asked.area) }),
    repair: () => ({ n: asked.repairs.length }),
  }[asked.op]?.() ?? {};
  return t(asked.op === "lock" && !asked.locked ? "did.unlock" : `did.${asked.op}`, said);
}
