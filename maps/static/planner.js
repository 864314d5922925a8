// SPDX-License-Identifier: Apache-2.0
// The planner's page: open a plan, draw on it, see what it means. Nothing of his is lost: where he is,
// what he holds and what he has drawn survive a reload and another planner's edit.

/* global L, map_planner */
import { follow, json } from "./live.js";
import { element } from "./patrol_words.js";
import { Desk } from "./planner_desk.js";
import { COLORS, STEPS } from "./planner_layer.js";
import { signed } from "./planner_side.js";
import { fit, small } from "./planner_view.js";
import "./planner_words.js";
import "./planner_words_more.js";
import { otherLanguage, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
// @ts-ignore: folium names the map.
const map = map_planner;
const at = (/** @type {string} */ id) => document.getElementById(id);

// Only what is drawn on takes part in drawing.
L.PM.setOptIn(true);
map.pm.removeControls();
// A double click ends a drawing.
map.doubleClickZoom.disable();
L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 120 }).addTo(map);

const desk = new Desk(map, page);

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
    desk.say("");
    if (desk.toolbox.tool.name !== "look") desk.toolbox.use("look");
    desk.choose([]);
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
      one.append(patch, element("span", share === undefined ? "" : signed(share)));
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
  const { plan } = desk;
  const plans = messages.filter(({ event }) => /^(plan|draft)\./.test(event));
  // What was done here is known already; while it is on its way, its answer will tell.
  const news = plans.filter(({ data: { body } }) => body?.id !== plan?.id || !(plan.busy || (body.revision <= plan.entry.revision && body.name === plan.entry.name)));
  if (!news.length) return;
  await desk.plans.read();
  if (plan && desk.plan === plan && news.some(({ data: { body } }) => body?.id === plan.id)) await desk.stale();
}

async function main() {
  const { kept } = desk;
  const [west, south, east, north] = page.focus;
  map.fitBounds([[south, west], [north, east]], { animate: false });
  desk.ground.drawn = () => desk.labels.read();
  say();
  fit(map, page.focus);
  if (kept.view) map.setView(kept.view.slice(0, 2), kept.view[2], { animate: false });
  await Promise.all([desk.plans.read(), desk.ground.load()]);
  const asked = new URLSearchParams(location.search).get("plan");
  if (!asked) {
    // Something to look at beside the list: what holds today.
    await desk.open(desk.plans.inForce?.id ?? null, true);
  } else {
    const { tool, shape, chosen, compare } = kept.plan === asked ? kept : {};
    await desk.open(asked);
    if (compare) await desk.compare.open(compare);
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
    desk.point(latlng);
    desk.toolbox.tool.move?.(latlng);
  });
  map.on("mouseout", () => desk.plan && desk.point(null));
  map.on("click", ({ latlng, originalEvent }) => {
    if (!desk.plan) return;
    desk.toolbox.tool.click?.(desk.plan.at(latlng.lng, latlng.lat), latlng, originalEvent);
    kept.chosen = desk.chosen;
    desk.save();
    if (small.matches) at("cell").scrollIntoView({ block: "nearest" });
  });
  addEventListener("keydown", key);
  at("nearer").addEventListener("click", () => map.zoomIn());
  at("farther").addEventListener("click", () => map.zoomOut());
  at("whole-map").addEventListener("click", () => fit(map, page.focus));
  at("undo").addEventListener("click", () => desk.undo());
  at("redo").addEventListener("click", () => desk.redo());
  at("note").addEventListener("click", () => desk.say(""));
  at("fold").addEventListener("click", () => {
    desk.plans.unfolded = !desk.plans.unfolded;
    desk.plans.show();
  });
  at("begin").addEventListener("click", () => desk.plans.begin());
  at("import").addEventListener("click", () => desk.files.bringIn());
  at("language").addEventListener("click", () => {
    otherLanguage();
    say();
  });
  at("leave").addEventListener("click", async () => {
    await fetch(page.sign_out, { method: "DELETE" });
    location.assign("/login");
  });
  desk.autodraw.beside.resume();
  desk.files.sheets.resume();
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
