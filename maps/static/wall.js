// SPDX-License-Identifier: Apache-2.0
// The wall: born from one snapshot, moved by the live feed alone.

/* global map_wall */
import { Ground } from "./ground.js";
import { Labels } from "./labels.js";
import { follow, json } from "./live.js";
import { Masthead } from "./masthead.js";
import { Overview } from "./overview.js";
import { Panels } from "./panels.js";
import { People } from "./people.js";
import { changedCells } from "./previewed.js";
import { Store } from "./store.js";
import { otherLanguage, span, speak, t } from "./words.js";

const BACK_HOME_MS = 180_000;

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_wall;
const store = new Store(page.fresh_s);
const ground = new Ground(map);
const people = new People(map, store);
const labels = new Labels(map, ground, () => [...panelBoxes(), ...people.boxes]);
people.flagged = () => labels.sheet.redraw();
const overview = new Overview(map, ground, store, document.getElementById("overview"));
const names = new Map();
const cellName = (code) => (code ? (names.get(code) ?? code) : "");
const panels = new Panels(store, who, cellName, page.time_zone);

const masthead = new Masthead(store, page.time_zone, page.preview);

/** @param {string} worker */
function who(worker) {
  return store.all("workers").get(worker)?.name ?? t("somebody");
}

/** The room the panels take in the window. */
function panelBoxes() {
  return [...document.querySelectorAll(".wall .bar, .wall aside > section")].map((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    return [left, top, right, bottom];
  });
}

/** Show where most people live, beside the panels and not below them. */
function home() {
  const [west, south, east, north] = page.focus;
  const wide = matchMedia("(min-width: 1100px)").matches;
  const left = wide ? document.querySelector(".left").getBoundingClientRect().right : 0;
  const right = wide ? innerWidth - document.querySelector(".right").getBoundingClientRect().left : 0;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  map.fitBounds([[south, west], [north, east]], {
    paddingTopLeft: [left, top],
    paddingBottomRight: [right, 0],
    animate: false,
  });
}

let homeward = 0;

/** Somebody looked closer: left alone, the wall goes back to its place. */
function touched() {
  clearTimeout(homeward);
  homeward = setTimeout(home, BACK_HOME_MS);
}

async function reload() {
  masthead.show("connecting");
  const state = await json(page.state);
  store.begin(state);
  masthead.seen(false);
  people.begin();
  panels.recall();
  everything();
  document.documentElement.dataset.seq = String(state.seq);
  return { seq: state.seq, epoch: state.epoch };
}

function everything() {
  ground.cover(panels.covered());
  panels.figures();
  panels.incidents();
  overview.draw();
}

/** @param {import("./live.js").Message[]} messages */
function happened(messages) {
  let facts = false;
  for (const { event, data } of messages) {
    if (event === "position") {
      store.move(data);
      people.move(data);
    } else if (event !== "hello") {
      facts = true;
      const before = store.apply(data);
      panels.tick(data, before);
      if (data.collection === "check_ins" && !before) people.checkedIn(data.body);
      document.documentElement.dataset.seq = String(data.seq);
    }
  }
  masthead.seen(facts);
  if (facts) {
    people.changed();
    everything();
  }
}

/** Once a while: positions grow stale, ages grow, and at midnight today's check-ins are over. */
function age() {
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: page.time_zone }).format(store.now());
  if (store.on && today !== store.on) {
    store.on = today;
    store.all("check_ins").clear();
    people.marks.redraw();
  }
  people.changed();
  everything();
}

/** The ground has come, or more of it. */
function drawn() {
  for (const { properties } of ground.data.cells?.features ?? []) {
    names.set(properties.code, properties.name);
  }
  panels.cells = names.size;
  labels.read();
  overview.read();
  ground.covered.clear();
  everything();
  document.documentElement.dataset.ready = "true";
}

/** Another day: how many cells it has, and which of them are not as they are today. */
async function preview() {
  masthead.show("preview");
  await ground.first;
  document.getElementById("previewed-cells").textContent = String(names.size);
  const today = await json(`${page.basemap}/cells`);
  const changed = changedCells(today, ground.data.cells);
  ground.outline(changed);
  document.getElementById("changed-cells").textContent = String(changed.size);
}

async function main() {
  speak();
  ground.drawn = drawn;
  // Fetches the ground that this first place needs.
  home();
  masthead.tell();
  setInterval(() => masthead.tell(), 1000);
  setInterval(age, 5000);
  addEventListener("resize", () => {
    home();
    panels.incidents();
  });
  for (const touch of ["pointerdown", "wheel", "keydown"]) addEventListener(touch, touched);
  map.on("mousemove", (event) => hint(event.containerPoint));
  document.getElementById("language").addEventListener("click", () => {
    otherLanguage();
    people.flag();
    everything();
    masthead.tell();
  });
  document.getElementById("leave").addEventListener("click", async () => {
    await fetch(page.sign_out, { method: "DELETE" });
    location.assign("/login");
  });
  // Names come with the ground; without it the wall goes on by codes.
  await Promise.race([ground.first, new Promise((done) => setTimeout(done, 5000))]);
  if (page.preview) {
    // Another day: its division alone, for nothing else is known of it, and today's would mislead.
    await preview();
    return;
  }
  await follow(page.live, { reload, happened, link: (state) => masthead.show(state) });
  masthead.tell();
}

/** @param {{x: number, y: number}} point */
function hint(point) {
  const worker = people.under(point);
  const box = document.getElementById("hint");
  box.hidden = !worker;
  if (!worker) return;
  const row = store.all("workers").get(worker);
  const position = store.all("positions").get(worker);
  box.textContent = [
    who(worker),
    cellName(row?.cells[0]?.cell),
    span(store.now() - Date.parse(position.observed_at)),
  ].join(" · ");
  box.style.left = `${point.x}px`;
  box.style.top = `${point.y}px`;
}

main();
