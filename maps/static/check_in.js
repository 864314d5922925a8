// SPDX-License-Identifier: Apache-2.0
// One check-in: the panel that says why, beside the map that shows it.

/* global map_scene */

import { Ground } from "./ground.js";
import { distance, element, moment, reasonItems } from "./patrol_words.js";
import { Scene } from "./scene.js";
import { otherLanguage, span, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const { check_in: said, scene } = page;
// @ts-ignore: folium names the map.
const map = map_scene;
const ground = new Ground(map);
const drawn = new Scene(map, page);
// A disc that fills the screen says less than one with its surroundings.
const CLOSEST = 19.5;

/** @param {string} id */
const at = (id) => document.getElementById(id);

/** Show everything that the verdict was made of, beside the panel and not below it. */
function home() {
  const { left, bottom } = map.getContainer().getBoundingClientRect();
  const panel = document.querySelector("main").getBoundingClientRect();
  const beside = panel.top < bottom - 4;
  const [west, south, east, north] = scene.focus;
  const room = beside ? 90 : 44;
  map.fitBounds([[south, west], [north, east]], {
    paddingTopLeft: [room, room],
    paddingBottomRight: [beside ? map.getSize().x - (panel.left - left) + room : room, room],
    maxZoom: CLOSEST,
    animate: false,
  });
}

function tell() {
  const { verdict, accepted, share_inside: share } = said;
  at("back").setAttribute("href", page.back);
  at("back-text").textContent = t(page.own ? "back_to_own" : "back_to_list");
  at("verdict").dataset.verdict = verdict ?? "none";
  at("verdict").dataset.accepted = String(accepted);
  at("who").textContent = page.worker;
  at("when").textContent = moment(said.observed_at, page.time_zone);
  at("word").textContent = t(`verdict.${verdict ?? "none"}`);
  at("accepted").textContent = t(accepted ? "accepted" : "refused");
  at("cell").replaceChildren(
    ...(scene.cell ? [element("span", scene.cell.name), element("code", scene.cell.code)] : []),
  );
  at("share").hidden = share === null;
  if (share !== null) {
    at("share").style.setProperty("--share", String(share));
    at("share").style.setProperty("--low", String(scene.policy.outside_up_to));
    at("share").style.setProperty("--high", String(scene.policy.inside_from));
    at("share-text").textContent = percent(share);
  }
  at("reasons").replaceChildren(...reasonItems(said.reasons, page.texts, scene.names));
  at("doubted").hidden = !said.doubts.length;
  at("doubts").replaceChildren(...reasonItems(said.doubts, page.texts, scene.names, () => "doubt"));
  facts();
  drawn.speak();
}

function facts() {
  const { policy } = scene;
  const waited = Date.parse(said.received_at) - Date.parse(said.observed_at);
  const later = waited > 1000 ? ` · ${t("later", { span: span(waited) })}` : "";
  const rows = [
    ["observed", moment(said.observed_at, page.time_zone, true)],
    ["received", moment(said.received_at, page.time_zone, true) + later],
    ["error", t("error_says", { radius: round(scene.radius_95_m), accuracy: round(said.accuracy_m) })],
    ["phone", scene.device ?? t("no_device")],
    ["source", t(`source.${scene.source ?? "none"}`)],
    ["system", t(`system.${said.system}`)],
    ["plan", scene.plan],
    ["policy", t("policy_says", {
      version: policy.version,
      inside: percent(policy.inside_from),
      outside: percent(policy.outside_up_to),
    })],
  ];
  at("facts").replaceChildren(
    ...rows.flatMap(([key, value]) => [element("dt", t(key)), element("dd", value)]),
  );
}

/** @param {number} share */
const percent = (share) => `${Math.round(share * 1000) / 10}%`;
/** @param {number} m */
const round = (m) => String(Math.round(m * 10) / 10);

at("language").addEventListener("click", () => {
  otherLanguage();
  tell();
});
speak();
home();
tell();
ground.load().then(() => {
  document.documentElement.dataset.ready = "true";
}, (error) => console.error(error));
addEventListener("resize", home);
