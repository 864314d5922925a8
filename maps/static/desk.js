// SPDX-License-Identifier: Apache-2.0
// The duty officer's desk: hear, type, see who is near, ring. Everything is a key away.

/* global map_desk */
import { ask, uuid } from "./ask.js";
import { Board } from "./desk_board.js";
import { Detail } from "./desk_detail.js";
import * as dialogs from "./desk_dialogs.js";
import { Intake } from "./desk_intake.js";
import { LinkupView } from "./desk_linkup.js";
import { Sound } from "./desk_sound.js";
import { Spots, margins } from "./desk_spots.js";
import { Talk } from "./desk_talk.js";
import { KEYS } from "./desk_words.js";
import { Ground } from "./ground.js";
import { Labels } from "./labels.js";
import { follow, json } from "./live.js";
import { Masthead } from "./masthead.js";
import { element } from "./patrol_words.js";
import { People } from "./people.js";
import { Store } from "./store.js";
import { language, otherLanguage, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_desk;
const at = (/** @type {string} */ id) => document.getElementById(id);
const store = new Store(page.fresh_s);
const ground = new Ground(map);
const people = new People(map, store);
const names = new Map();
const cellName = (/** @type {string|null} */ code) => (code ? (names.get(code) ?? code) : "");
const who = (/** @type {string} */ worker) => store.all("workers").get(worker)?.name ?? t("somebody");
const labels = new Labels(map, ground, () => [
  ...[...document.querySelectorAll(".bar, main, .right > section")].map((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    return [left, top, right, bottom];
  }),
  ...people.boxes,
]);
people.flagged = () => labels.sheet.redraw();
const masthead = new Masthead(store, page.time_zone);
const sound = new Sound();
const board = new Board(store, cellName, sound, chosen);
const linkups = new LinkupView(page, who, cellName, (text) => act.problem(text));
const detail = new Detail(page, store, cellName, act, linkups);
const talk = new Talk(page, store, who, sound, (id) => board.choose(id, false));
const spots = new Spots(map, {
  choose: (n) => intake.finding.choose(n),
  pinned: (lon, lat) => {
    intake.begin();
    intake.finding.setPin(lon, lat);
    if (intake.form.dataset.step === "place") intake.place.focus();
  },
  leave: () => (intake.form.dataset.step === "facts" ? intake.what : intake.place).focus(),
});
const intake = new Intake(page, store, spots, cellName, {
  drill: () => drilling,
  said: tellOfficer,
  reported: (id) => board.choose(id, false),
});
let drilling = false;

/** What the officer was told last, in whichever language he reads. */
let told = () => "";

/** @param {string} name @param {Record<string, string|number>} [fields] @param {string} [kind] */
function tellOfficer(name, fields = {}, kind = "") {
  const box = at("measured");
  told = () => t(name, fields);
  box.hidden = false;
  box.textContent = told();
  box.className = `measured ${kind}`;
}

/** @param {string|null} id @param {boolean} opened */
function chosen(id, opened) {
  detail.open(id);
  act.problem("");
  const row = id && store.all("incidents").get(id);
  talk.show(row || null);
  const busy = intake.place.value || intake.finding.pin;
  if (row && typeof row.lon === "number" && !busy) {
    map.fitBounds([[row.lat, row.lon], [row.lat, row.lon]], { ...margins(), maxZoom: 16, animate: false });
  }
  if (opened) at("detail").focus();
}

/** Do something about the chosen incident. @param {string} name */
async function act(name) {
  const row = board.subject();
  if (name === "new") {
    intake.place.focus();
    return;
  }
  if (!row) return;
  if (board.chosen !== row.id) board.choose(row.id, false);
  const linkup = store.linkupOf(row.id);
  const open = row.status !== "closed";
  act.problem("");
  try {
    if (name === "print") window.open(`${page.sheets}/${row.id}`, "_blank", "noopener");
    else if (!open) return;
    else if (name === "place") await relocate(row);
    else if (name === "close") dialogs.close(page, row);
    else if (name === "transfer") await dialogs.transfer(page, row);
    else if (name === "merge") dialogs.merge(page, row, board, (id) => board.choose(id, false));
    else if (name === "call") talk.call();
    else if (name === "hang_up") talk.hangUp();
    else if (name === "write") talk.write();
    else if (name === "widen" && linkup?.status === "open") {
      // Of two officers who widen what they both see, one does.
      await ask(`${page.linkups}/${linkup.id}/widen`, "POST", { ring: linkup.ring });
    } else if (name === "acknowledge" && linkup?.status === "open") {
      await ask(`${page.linkups}/${linkup.id}/acknowledge`, "POST");
    } else if (name === "link" && linkup?.status !== "open") {
      await ask(`${page.incidents}/${row.id}/linkup`, "POST", { id: uuid() });
    }
  } catch (error) {
    act.problem(error.message);
  }
}

/** Begin at once; what was said of the place is filled in as soon as it is known. @param {any} row */
async function relocate(row) {
  intake.relocate(row);
  await detail.reading;
  intake.propose(row, detail.more?.place?.address ?? row.label ?? "");
}

/** @param {string} text */
act.problem = (text) => {
  at("act-problem").hidden = !text;
  at("act-problem").textContent = text;
};

/** @param {boolean} on */
function drill(on) {
  drilling = on;
  document.body.classList.toggle("drilling", on);
  at("drill").setAttribute("aria-pressed", String(on));
  at("drilling").hidden = !on;
}

/** Between the regions of the page, in either direction. @param {number} step */
function region(step) {
  const regions = [intake.place, at("list"), at("detail"), map.getContainer()];
  const there = regions.filter((one) => one.offsetParent !== null || one === map.getContainer());
  const now = there.findIndex((one) => one.contains(document.activeElement));
  const inForm = intake.form.contains(document.activeElement);
  const from = now < 0 ? (inForm ? 0 : -1) : now;
  there[(from + step + there.length) % there.length].focus();
}

const LETTERS = {
  n: "new", l: "link", w: "widen", a: "acknowledge", k: "call", j: "hang_up", i: "write", p: "place", m: "merge", t: "transfer", c: "close", h: "print",
};
const FUNCTIONS = {
  F1: () => help(),
  F2: () => intake.choose("severity", "normal"),
  F3: () => intake.choose("severity", "urgent"),
  F4: () => intake.choose("severity", "emergency"),
  F7: () => intake.nearby.joinFirst(),
  F8: () => drill(!drilling),
  F9: () => map.getContainer().focus(),
  F10: () => act("widen"),
};

/** @param {KeyboardEvent} event */
function key(event) {
  const open = document.querySelector("dialog[open]");
  if (open) {
    if (event.key === "F1") event.preventDefault();
    return;
  }
  if (event.isComposing) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const typing = document.activeElement?.matches("input:not([type=radio]), textarea");
  const done = () => event.preventDefault();
  if (plain && event.key === "F6") {
    done();
    region(event.shiftKey ? -1 : 1);
  } else if (plain && !event.shiftKey && FUNCTIONS[event.key]) {
    done();
    FUNCTIONS[event.key]();
  } else if (event.key === "Escape") {
    done();
    intake.back();
  } else if (plain && !typing && event.key === "?") {
    done();
    help();
  } else if (plain && !typing && LETTERS[event.key.toLowerCase()]) {
    // A letter in the map would be a shortcut, too: the map has none of its own.
    done();
    act(LETTERS[event.key.toLowerCase()]);
  }
}

function help() {
  const table = element("table");
  for (const [keys, words] of KEYS) {
    const row = element("tr");
    const head = element("th");
    head.append(...keys.split(" ").flatMap((one) => [element("kbd", one), " "]));
    row.append(head, element("td", words[language() === "en" ? 1 : 0]));
    table.append(row);
  }
  at("keys").replaceChildren(table);
  /** @type {HTMLDialogElement} */ (at("help")).showModal();
}

/** Everything in the chosen language. */
function say() {
  speak();
  for (const one of document.querySelectorAll("[data-hint]")) {
    /** @type {HTMLInputElement} */ (one).placeholder = t(/** @type {HTMLElement} */ (one).dataset.hint);
  }
  for (const one of document.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", t(/** @type {HTMLElement} */ (one).dataset.label));
  }
  for (const one of document.querySelectorAll("[data-category]")) {
    one.textContent = t(`category.${/** @type {HTMLElement} */ (one).dataset.category}`);
  }
  people.flag();
  intake.finding.show();
  intake.words();
  at("measured").textContent = told();
  board.show();
  detail.show();
  talk.speak();
  masthead.tell();
}

async function reload() {
  masthead.show("connecting");
  const state = await json(page.state);
  store.begin(state);
  masthead.seen(false);
  people.begin();
  const simulated = [...store.all("workers").values()].some((row) => row.origin === "simulated");
  at("origin").hidden = !simulated;
  board.show();
  detail.open(detail.id);
  talk.refresh();
  return { seq: state.seq, epoch: state.epoch };
}

/** @param {import("./live.js").Message[]} messages */
function happened(messages) {
  let facts = false;
  for (const { event, data } of messages) {
    if (event === "position") {
      store.move(data);
      people.move(data);
    } else if (event === "hello") {
      store.heard(data.at);
    } else {
      facts = true;
      store.apply(data);
    }
  }
  masthead.seen(facts);
  if (!facts) return;
  people.changed();
  board.show();
  detail.happened(messages);
  talk.show(board.chosen ? (store.all("incidents").get(board.chosen) ?? null) : null);
  talk.happened(messages);
}

/** The ground has come, or more of it. */
function drawn() {
  for (const { properties } of ground.data.cells?.features ?? []) {
    names.set(properties.code, properties.name);
  }
  labels.read();
  board.show();
  document.documentElement.dataset.ready = "true";
}

function home() {
  const [west, south, east, north] = page.focus;
  map.fitBounds([[south, west], [north, east]], { ...margins(), animate: false });
}

async function main() {
  ground.drawn = drawn;
  say();
  home();
  setInterval(() => masthead.tell(), 1000);
  setInterval(() => {
    people.changed();
    board.show();
  }, 5000);
  addEventListener("keydown", key);
  at("drill").addEventListener("click", () => drill(!drilling));
  at("help-button").addEventListener("click", help);
  at("sound").addEventListener("click", () => {
    sound.switch(!sound.on);
    at("sound").setAttribute("aria-pressed", String(sound.on));
  });
  at("sound").setAttribute("aria-pressed", String(sound.on));
  at("notice").addEventListener("click", () => board.choose(at("notice").dataset.id, true));
  at("language").addEventListener("click", () => {
    otherLanguage();
    say();
  });
  at("leave").addEventListener("click", async () => {
    await fetch(page.sign_out, { method: "DELETE" });
    location.assign("/login");
  });
  intake.place.focus();
  await Promise.race([ground.first, new Promise((done) => setTimeout(done, 5000))]);
  await follow(page.live, { reload, happened, link: (state) => masthead.show(state) });
  masthead.tell();
}

main();
