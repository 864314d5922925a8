// SPDX-License-Identifier: Apache-2.0
// Where a supervisor hears what climbs to him, takes charge of it, and writes and speaks in it.

/* global map_duty */
import { Refused, ask } from "./ask.js";
import { Bell } from "./bell.js";
import { waiting } from "./duty_cases.js";
import { LinkupView, countDown } from "./desk_linkup.js";
import { Nearby } from "./desk_nearby.js";
import { Talk } from "./desk_talk.js";
import "./duty_words.js";
import { Ground } from "./ground.js";
import { follow, json } from "./live.js";
import { element } from "./patrol_words.js";
import { Store } from "./store.js";
import { tellCaller } from "./told.js";
import { Way } from "./way.js";
import { otherLanguage, speak, t } from "./words.js";

const TICK_MS = 250;

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_duty;
const find = (/** @type {string} */ id) => document.getElementById(id);
const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (find("case").querySelector(name));
const store = new Store(page.fresh_s);
const ground = new Ground(map);
const way = new Way(map, page.focus);
const bell = new Bell(() => ready());
const cells = new Map();
/** Names of those near who belong to another area. @type {Map<string, string>} */
const met = new Map();
const who = (/** @type {string} */ worker) => store.all("workers").get(worker)?.name ?? met.get(worker) ?? t("somebody");
const linkups = new LinkupView(page, who, (code) => cells.get(code) ?? code ?? "", tellProblem);
const nearby = new Nearby(page, store, { near() {} }, { person: beside });
const talk = new Talk(page, store, who, { ring: called }, (incident) => {
  if (cases.some((one) => one.incident.id === incident && one.stand === "mine")) turn(incident);
});

/** What waits for him or is his. @type {import("./duty_cases.js").Case[]} */
let cases = [];
/** The one that is shown. @type {import("./duty_cases.js").Case|undefined} */
let current;
/** What the service says of incidents beyond the feed: who called, and what he said. */
const details = new Map();
/** What was tapped and is not answered yet, in its order. @type {Map<string, Promise<void>>} */
const doing = new Map();
/** Whether a worker calls. */
let calling = false;
/** The place whose neighbourhood is looked at. */
let near = "";

function show() {
  const before = current;
  const kept = cases.find(({ incident }) => incident.id === current?.incident.id);
  current = kept && (kept.stand !== "passed" || cases[0].stand === "passed") ? kept : cases[0];
  const turned = current?.incident.id !== before?.incident.id;
  if (turned) tellProblem("");
  document.body.dataset.mode = current ? "case" : "idle";
  document.body.dataset.stand = current?.stand ?? "";
  find("loading").hidden = store.begun;
  find("case").hidden = !current;
  find("idle").hidden = Boolean(current) || !store.begun;
  way.show(null, current?.incident ?? null, null);
  if (turned) requestAnimationFrame(() => way.fit());
  if (current) tell(current);
  look();
  talk.show(current?.stand === "mine" ? current.incident : null);
  ring();
  bell.wake(cases.length > 0);
  ready();
  tick();
}

/** What happened, where, and who was asked. @param {import("./duty_cases.js").Case} one */
function tell({ linkup, incident, step, stand }) {
  const root = find("case");
  root.dataset.severity = incident.severity;
  root.dataset.linkup = linkup.id;
  part(".severity").textContent = t(`sev.${incident.severity}`);
  part(".drill").hidden = incident.origin !== "drill";
  part(".stand").textContent = t(`take.${stand}`, { level: t(`level.${step.level}`) });
  part("h1").textContent = incident.title;
  part(".place").textContent = incident.label ?? t("no_place");
  tellCaller(part(".said"), incident.label, details.get(incident.id), stand === "mine");
  if (!details.has(incident.id)) read(incident.id);
  linkups.show(incident, linkup, stand === "mine");
  const take = /** @type {HTMLButtonElement} */ (find("take"));
  take.hidden = stand === "mine";
  take.disabled = doing.has("acknowledge");
  const others = cases.filter((other) => other.linkup.id !== linkup.id);
  const rings = others.filter((other) => other.stand === "rings").length;
  const other = find("other");
  other.hidden = !others.length;
  other.classList.toggle("rings", rings > 0);
  other.textContent = rings ? t("take.other_rings", { count: rings }) : t("take.other", { count: others.length });
}

/** @param {string} incident */
async function read(incident) {
  details.set(incident, {});
  try {
    details.set(incident, await ask(`${page.incidents}/${incident}`));
    show();
  } catch {
    details.delete(incident);
  }
}

/** Who is near, for as long as nobody goes there; whom he may ask once it is his. */
function look() {
  const wanted = current && !current.linkup.lead && typeof current.incident.lon === "number";
  find("near-section").hidden = !wanted || current.stand !== "mine";
  const spot = wanted ? { lon: current.incident.lon, lat: current.incident.lat } : null;
  const key = spot ? JSON.stringify([spot, current.linkup.asked, current.stand]) : "";
  if (key === near) return;
  near = key;
  if (spot) nearby.show(spot);
  else nearby.hide();
}

/** Beside somebody who is near: a button to ask him, or that he is being asked. @param {any} one */
function beside(one) {
  met.set(one.worker, one.name);
  const asked = current?.linkup.asked.find(({ worker }) => worker === one.worker);
  if (current?.stand !== "mine") return "";
  if (asked?.state === "asked") return element("span", t("ask.asked"), "state");
  const button = element("button", t("take.ask"));
  button.setAttribute("type", "button");
  button.addEventListener("click", () => act("ask", { worker: one.worker }));
  return button;
}

/** A tap while another is on its way waits for it; the same one again is the same. @param {"acknowledge"|"ask"} verb @param {any} [body] */
function act(verb, body) {
  const what = body ? `${verb} ${body.worker}` : verb;
  if (!current || doing.has(what)) return;
  const { id } = current.linkup;
  const before = [...doing.values()].at(-1);
  const done = Promise.resolve(before).then(() => send(id, verb, body)).finally(() => {
    doing.delete(what);
    changed();
  });
  doing.set(what, done);
  show();
}

/** @param {string} id  of a linkup @param {string} verb @param {any} body */
async function send(id, verb, body) {
  tellProblem("");
  try {
    const more = { signal: AbortSignal.timeout(10_000) };
    const said = await ask(`${page.linkups}/${id}/${verb}`, "POST", body, more);
    const row = { ...store.all("linkups").get(id), ...said };
    store.apply({ collection: "linkups", id, body: row, at: new Date(store.now()).toISOString() });
  } catch (error) {
    // It has gone on without us: see how it stands.
    if (error instanceof Refused) await reload().catch(() => {});
    tellProblem(error.message);
  }
}

/** @param {string} text */
function tellProblem(text) {
  find("problem").textContent = text;
}

/** @param {string} text */
function notice(text) {
  find("notice").hidden = !text;
  find("notice").querySelector("span").textContent = text;
}

/** The rows have changed: what has come, and what is his no more, and why. */
function changed() {
  const before = cases;
  cases = waiting(store, page.account);
  for (const { linkup, incident } of before) {
    if (cases.some((one) => one.linkup.id === linkup.id)) continue;
    const now = store.all("linkups").get(linkup.id);
    const { title } = incident;
    const taken = now?.climb.find((step) => step.state === "acknowledged")?.by?.name;
    if (now?.status !== "open") notice(t("came.closed", { title }));
    else if (taken) notice(t("gone.taken", { who: taken, title }));
    else if (now.lead) notice(t("gone.lead", { who: who(now.lead), title }));
  }
  show();
}

/** The next of several; those that ring first. @param {string} [incident] */
function turn(incident) {
  const at = cases.findIndex((one) => one.incident.id === current?.incident.id);
  const next = [...cases.slice(at + 1), ...cases.slice(0, at)];
  current = cases.find((one) => one.incident.id === incident)
    ?? next.find((one) => one.stand === "rings") ?? next[0] ?? current;
  tellProblem("");
  show();
  way.fit();
}

/** @param {boolean} on */
function called(on) {
  calling = on;
  ring();
}

function ring() {
  const rings = cases.find((one) => one.stand === "rings");
  if (rings) bell.ring(t("notify.title", { title: rings.incident.title }));
  else if (calling) bell.ring();
  else bell.quiet();
}

/** Whether it would be heard, and what to do about it. */
function ready() {
  find("ready").hidden = bell.open;
}

/** The answer clocks, by the service's time. */
function tick() {
  countDown(find("linkup"), store.now());
  const by = current?.stand === "rings" ? current.step.answer_by : null;
  const s = by ? Math.max(0, Math.ceil((Date.parse(by) - store.now()) / 1000)) : 0;
  part(".head .left").textContent = by ? t("left", { n: s }) : "";
}

async function reload() {
  const state = await json(page.state);
  store.begin(state);
  changed();
  talk.refresh();
  return state;
}

/** @param {import("./live.js").Message[]} messages */
function happened(messages) {
  let facts = false;
  for (const { event, data } of messages) {
    if (event === "hello") store.heard(data.at);
    else if (event !== "position") {
      store.apply(data);
      facts = true;
    }
  }
  if (!facts) return;
  changed();
  talk.happened(messages);
}

/** How the page hears of what happens. @param {import("./live.js").LinkState} state */
function heard(state) {
  const link = find("link");
  link.dataset.state = state;
  link.textContent = t(state === "ended" ? "signed_out" : `link.${state}`);
  if (state === "ended") location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}

ground.drawn = () => {
  for (const { properties } of ground.data.cells?.features ?? []) cells.set(properties.code, properties.name);
};
find("take").addEventListener("click", () => act("acknowledge"));
find("other").addEventListener("click", () => turn());
find("ready").addEventListener("click", () => bell.test());
find("notice").querySelector("button").addEventListener("click", () => notice(""));
find("language").addEventListener("click", () => {
  otherLanguage();
  heard(/** @type {any} */ (find("link").dataset.state));
  near = "";
  show();
  talk.speak();
});
find("leave").addEventListener("click", async () => {
  await fetch(page.sign_out, { method: "DELETE" });
  location.assign("/login");
});
speak();
show();
setInterval(tick, TICK_MS);
ground.load().catch((error) => console.error(error));
follow(page.live, {
  async reload() {
    const state = await reload();
    document.documentElement.dataset.ready = "true";
    return state;
  },
  happened,
  link: heard,
});
