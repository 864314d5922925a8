// SPDX-License-Identifier: Apache-2.0
// A day's check-ins, newest first: never in any order that compares people.

/* global L, map_day */

import { items } from "./ask.js";
import { nearby } from "./extent.js";
import { Ground, unit } from "./ground.js";
import { Labels } from "./labels.js";
import { clock, element, sentence } from "./patrol_words.js";
import { Place } from "./place.js";
import { Waiting } from "./waiting.js";
import { otherLanguage, speak, t } from "./words.js";

const SHOWN = 100;
const MOST = 3000;
const AGAIN_MS = 60_000;
const COLORS = { inside: "#5fd0b5", uncertain: "#e3b341", outside: "#e8704f" };
/** @type {Record<string, (found: any) => boolean>} */
const FILTERS = {
  all: () => true,
  refused: (found) => !found.accepted,
  uncertain: (found) => found.verdict === "uncertain",
  doubted: (found) => found.doubts.length > 0,
};

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_day;
const ground = new Ground(map);
const labels = new Labels(map, ground, () => {
  const { left, top } = map.getContainer().getBoundingClientRect();
  const over = document.querySelector("main").getBoundingClientRect();
  return [[over.left - left, over.top - top, over.right - left, over.bottom - top]];
});
const dots = L.layerGroup().addTo(map);
const pane = map.createPane("dots");
pane.style.zIndex = "440";
const renderer = L.svg({ pane: "dots", padding: 0.4 });
/** @type {Map<string, string>} */
const people = new Map();
/** @type {Record<string, string>} */
const cells = {};
/** @type {any[]} */
let all = [];
let filter = "all";
let shown = SHOWN;
let placed = false;
const placing = new Place(document.getElementById("place"));
const waiting = new Waiting(page, placing, document.getElementById("waiting"), (worker) => people.get(worker), read);

/** @param {string} id */
const at = (id) => document.getElementById(id);

/** Fit the map beside the panel. @param {any} bounds */
function fit(bounds) {
  const { left, bottom } = map.getContainer().getBoundingClientRect();
  const panel = document.querySelector("main").getBoundingClientRect();
  const beside = panel.top < bottom - 4;
  const room = beside ? 60 : 28;
  map.fitBounds(bounds, {
    // On a narrow screen the note on what is not shown lies over the map.
    paddingTopLeft: [room, beside || at("away").hidden ? room : 2.5 * room],
    paddingBottomRight: [beside ? map.getSize().x - (panel.left - left) + room : room, room],
    maxZoom: 16.5,
    animate: false,
  });
}

async function read() {
  const { from, until } = page;
  const day = new URLSearchParams({ from, until, limit: "500" });
  try {
    all = await items(`${page.check_ins}?${day}`, MOST);
    at("problem").hidden = true;
  } catch (error) {
    at("problem").textContent = error.message;
    at("problem").hidden = false;
  }
  show();
}

async function readPeople() {
  for (const { id, name } of await items(`${page.workers}?limit=500`)) people.set(id, name);
  show();
  waiting.show();
}

function show() {
  const found = all.filter(FILTERS[filter]);
  at("filters").replaceChildren(
    ...Object.keys(FILTERS).map((name) => {
      const button = element("button", t(`filter.${name}`), name === filter ? "chosen" : "");
      button.setAttribute("type", "button");
      button.dataset.filter = name;
      button.setAttribute("aria-pressed", String(name === filter));
      button.append(element("b", String(all.filter(FILTERS[name]).length)));
      button.addEventListener("click", () => {
        filter = name;
        shown = SHOWN;
        show();
      });
      return button;
    }),
  );
  at("list").replaceChildren(...found.slice(0, shown).map(row));
  at("none").hidden = found.length > 0;
  at("more").hidden = found.length <= shown;
  dots.clearLayers();
  // Those in doubt and refused lie above the others.
  for (const one of [...found].sort((a, b) => weight(a) - weight(b))) mark(one);
  at("cut").hidden = all.length < MOST;
  at("cut").textContent = t("cut_day", { n: all.length });
  at("erased").hidden = !all.some((one) => one.lon === null);
  const seen = found.filter((one) => one.lon !== null);
  const { near, away } = nearby(seen, page.focus);
  at("away").hidden = !away;
  at("away-text").textContent = t("away", { n: away });
  if (!placed && near.length) {
    placed = true;
    fit(L.latLngBounds(near.map(({ lon, lat }) => [lat, lon])));
  }
}

/** @param {any} found */
const weight = (found) => (found.accepted ? 0 : 2) + (found.verdict === "uncertain" ? 1 : 0);

/** @param {any} found */
function row(found) {
  const item = element("li", "", found.verdict ?? "none");
  const link = element("a");
  link.setAttribute("href", `/check-ins/${found.id}`);
  const who = element("span", "", "who");
  who.append(element("b", people.get(found.worker) ?? t("somebody")), element("small", cells[found.cell] ?? found.cell ?? ""));
  const word = element("span", t(`verdict.${found.verdict ?? "none"}`), "word");
  if (!found.accepted) word.append(element("small", t("refused")));
  const [first] = found.reasons;
  const reason = element("span", first ? sentence(page.texts, first, cells)[found.accepted ? 0 : 1] : "", "reason");
  const time = element("time", clock(found.observed_at, page.time_zone));
  link.append(time, who, word, reason);
  if (found.doubts.length) {
    const marks = element("span", "", "doubts");
    marks.append(
      ...found.doubts.map((doubt) => element("em", sentence(page.texts, doubt, cells)[0])),
    );
    link.append(marks);
  }
  link.addEventListener("mouseenter", () => light(found));
  item.append(link);
  return item;
}

/** @param {any} found */
function mark(found) {
  if (found.lon === null) return;
  const color = COLORS[found.verdict] ?? "#dcebf7";
  const dot = L.circleMarker([found.lat, found.lon], {
    pane: "dots", renderer, radius: 5.5 * unit(), color: found.accepted ? "#090f16" : color,
    weight: 2 * unit(), fillColor: found.accepted ? color : "#090f16", fillOpacity: 1,
  }).addTo(dots);
  dot.on("click", () => location.assign(`/check-ins/${found.id}`));
}

/** A ring round the check-in whose row is pointed at. @type {any} */
let ring = null;

/** @param {any} found */
function light(found) {
  ring?.remove();
  if (found.lon === null) return;
  ring = L.circleMarker([found.lat, found.lon], {
    pane: "dots", renderer, radius: 13 * unit(), color: "#ffffff", weight: 2 * unit(), fill: false,
    interactive: false,
  }).addTo(map);
}

function tell() {
  at("back").setAttribute("href", page.back);
  at("back-text").textContent = t(page.own ? "back_to_own" : "back_to_wall");
  const [, month, day] = page.on.split("-").map(Number);
  at("day").textContent = t("day", { month, day, named: t(`month.${month}`) });
  at("before").setAttribute("href", `/check-ins?on=${page.before}`);
  at("after").hidden = !page.after;
  if (page.after) at("after").setAttribute("href", `/check-ins?on=${page.after}`);
  show();
  waiting.show();
}

at("language").addEventListener("click", () => {
  otherLanguage();
  tell();
});
at("everything").addEventListener("click", () => {
  const seen = all.filter(FILTERS[filter]).filter((one) => one.lon !== null);
  fit(L.latLngBounds(seen.map(({ lon, lat }) => [lat, lon])));
});
at("more").addEventListener("click", () => {
  shown += SHOWN;
  show();
});
document.querySelector("main").addEventListener("mouseleave", () => ring?.remove());
speak();
const [west, south, east, north] = page.focus;
fit([[south, west], [north, east]]);
tell();
ground.drawn = () => {
  for (const { properties } of ground.data.cells?.features ?? []) cells[properties.code] = properties.name;
  labels.read();
  show();
};
Promise.all([ground.load(), readPeople(), read(), waiting.read()]).then(() => {
  document.documentElement.dataset.ready = "true";
}, (error) => console.error(error));
setInterval(() => {
  if (!page.after) read();
  waiting.read();
}, AGAIN_MS);
