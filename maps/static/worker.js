// SPDX-License-Identifier: Apache-2.0
// A worker's page: on duty his position is shared, a call rings until he answers, and whoever takes
// it is led there and connected with the desk.

/* global map_worker */
import { Bell } from "./bell.js";
import { Ground } from "./ground.js";
import { SignedOut, follow, json } from "./live.js";
import { Panel } from "./worker_panel.js";
import { Sharing } from "./sharing.js";
import { Store } from "./store.js";
import { Route } from "./route.js";
import { Way } from "./way.js";
import "./worker_words.js";
import { Refused, ask } from "./ask.js";
import { otherLanguage, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_worker;
const store = new Store(300);
const ground = new Ground(map);
const way = new Way(map, page.focus);
const route = new Route(page.linkups, () => panel.show());
const bell = new Bell(() => panel.show());
const sharing = new Sharing({
  address: page.positions,
  worker: page.worker,
  moved: () => panel.show(),
  changed: () => panel.show(),
});
/** @param {string} id */
const find = (id) => document.getElementById(id);

const panel = new Panel({ page, store, way, route, bell, sharing, act, duty });

/**
 * Answer a call: accept, decline or arrive. What the service says counts, and is shown at once.
 * @param {string} linkup
 * @param {"accept"|"decline"|"arrive"} verb
 * @param {any} [body]
 */
async function act(linkup, verb, body) {
  try {
    const more = { signal: AbortSignal.timeout(10_000) };
    const said = await ask(`${page.linkups}/${linkup}/${verb}`, "POST", body, more);
    const before = store.all("linkups").get(linkup);
    put("linkups", { ...before, ...said });
    panel.ended(linkup, before, said);
  } catch (error) {
    // It has gone on without us: see how it stands.
    if (error instanceof Refused) await reload().catch(() => {});
    throw error;
  }
}

/** @param {boolean} on */
async function duty(on) {
  const at = new Date(store.now()).toISOString();
  const said = await ask(page.duty, "POST", { on, at });
  put("workers", { ...store.all("workers").get(page.worker), ...said });
}

/** @param {string} collection @param {any} body */
function put(collection, body) {
  store.apply({ collection, id: body.id, body, at: new Date(store.now()).toISOString() });
  changed();
}

async function reload() {
  const state = await json(page.state);
  const before = new Map(store.all("linkups"));
  store.begin(state);
  // What is not in the snapshot any more has ended while we were away.
  for (const [id, linkup] of before) panel.ended(id, linkup, store.all("linkups").get(id));
  changed();
  panel.refresh();
  return state;
}

function changed() {
  const me = store.all("workers").get(page.worker);
  // When duty began, by the clock of this phone.
  const since = me?.since ? Date.parse(me.since) - store.ahead : 0;
  sharing.set(me?.on_duty === true, since);
  panel.show();
}

/** @param {import("./live.js").Message[]} messages */
function happened(messages) {
  for (const { event, data } of messages) {
    if (event === "hello") store.heard(data.at);
    else if (event !== "position" && data.collection) {
      const before = store.apply(data);
      if (data.collection === "linkups") panel.ended(data.id, before, data.body);
    }
  }
  panel.heard(messages);
  changed();
}

let linked = "connecting";

/** How the page hears of what happens. */
function told() {
  const link = find("link");
  link.dataset.state = linked;
  link.textContent = t(linked === "ended" ? "signed_out" : `link.${linked}`);
}

find("language").addEventListener("click", () => {
  otherLanguage();
  told();
  panel.speak();
});
speak();
panel.show();
ground.load().catch((error) => console.error(error));
follow(page.live, {
  async reload() {
    const state = await reload();
    document.documentElement.dataset.ready = "true";
    return state;
  },
  happened,
  link(state) {
    linked = state;
    told();
    if (state === "live") panel.refresh();
    if (state === "ended") {
      // Nobody is signed in any more: nothing may be sent in his name, and nothing rings.
      sharing.set(false, 0);
      bell.quiet();
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    }
  },
}).catch((error) => {
  if (!(error instanceof SignedOut)) throw error;
});
