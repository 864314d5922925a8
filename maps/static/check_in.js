// SPDX-License-Identifier: Apache-2.0
// One check-in: the panel that says why, beside the map that shows it.

/* global map_scene */

import { ask, decide, items } from "./ask.js";
import { Ground } from "./ground.js";
import { age, element, moment, reasonItems, sentence, tone } from "./patrol_words.js";
import { Scene } from "./scene.js";
import { otherLanguage, span, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const { check_in: said, scene } = page;
// @ts-ignore: folium names the map.
const map = map_scene;
const ground = new Ground(map);
const drawn = new Scene(map, page);
/** The newest appeal against it. @type {any} */
let appeal;
/** Its verdicts, oldest first. @type {any[]} */
let given = [];
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
  at("back-text").textContent = t("back_to_list");
  at("verdict").dataset.verdict = verdict ?? "none";
  at("verdict").dataset.accepted = String(accepted);
  at("who").textContent = page.worker;
  at("when").textContent = moment(said.observed_at, page.time_zone);
  at("word").textContent = t(`verdict.${verdict ?? "none"}`);
  at("accepted").textContent = t(accepted ? "accepted" : "refused");
  at("cell").replaceChildren(
    ...(scene.cell ? [element("span", scene.cell.name), element("code", scene.cell.code)] : []),
  );
  at("erased").hidden = said.lon !== null;
  at("share").hidden = share === null;
  if (share !== null) {
    at("share").style.setProperty("--share", String(share));
    at("share").style.setProperty("--low", String(scene.policy.outside_up_to));
    at("share").style.setProperty("--high", String(scene.policy.inside_from));
    at("share-text").textContent = percent(share);
  }
  at("reasons").replaceChildren(...reasonItems(said.reasons, page.texts, scene.names, tone, age(said)));
  at("doubted").hidden = !said.doubts.length;
  at("doubts").replaceChildren(...reasonItems(said.doubts, page.texts, scene.names, () => "doubt"));
  facts();
  appealed();
  earlier();
  drawn.speak();
}

/** The appeal against this verdict, and what the reader may do about it. */
function appealed() {
  const open = appeal?.state === "open";
  const wanting = !said.accepted || said.verdict === "uncertain";
  const parts = [];
  if (appeal) {
    parts.push(note(appeal.text, moment(appeal.made_at, page.time_zone)));
    if (appeal.decision) {
      const when = moment(appeal.decided_at, page.time_zone);
      parts.push(note(appeal.decision, `${t(`appeal.${appeal.state}`)} · ${when}`));
    } else parts.push(element("p", t("appeal.open")));
  }
  const buttons = element("p", "", "choices");
  if (page.may.rejudge) buttons.append(button("rejudge_button", "quiet", rejudge));
  if (page.may.decide && open) buttons.append(button("decide_button", "", decideAppeal));
  if (page.may.appeal && wanting && !open && appeal?.state !== "upheld") {
    buttons.append(button("appeal_button", "", makeAppeal));
  }
  if (buttons.childElementCount) parts.push(buttons);
  at("appealed").hidden = !parts.length;
  at("appeal").replaceChildren(...parts);
}

/** What somebody wrote, as text. @param {string} text @param {string} about */
function note(text, about) {
  const made = element("p", "", "said");
  made.append(element("small", about), text);
  return made;
}

/** @param {string} name @param {string} kind @param {() => void} act */
function button(name, kind, act) {
  const made = element("button", t(name), kind);
  made.setAttribute("type", "button");
  made.id = name;
  made.addEventListener("click", act);
  return made;
}

function makeAppeal() {
  decide({
    title: t("appeal_title"),
    say: t("appeal_say"),
    text: t("appeal_text"),
    choices: [{ name: "send" }],
    act: async (_, text) => {
      await ask(`${page.address}/${said.id}/appeals`, "POST", { text });
      location.reload();
    },
  });
}

function decideAppeal() {
  decide({
    title: t("decide_title"),
    say: appeal.text,
    text: t("reason"),
    choices: [{ name: "reject", kind: "against" }, { name: "uphold" }],
    act: async (choice, text) => {
      const decision = { uphold: choice === "uphold", text };
      await ask(`${page.address}/${said.id}/appeals/decision`, "POST", decision);
      location.reload();
    },
  });
}

function rejudge() {
  decide({
    title: t("rejudge_title"),
    say: t("rejudge_say"),
    text: t("reason"),
    choices: [{ name: "rejudge" }],
    act: async (_, text) => {
      await ask(`${page.address}/re-judgements`, "POST", { check_in: said.id, text });
      location.reload();
    },
  });
}

/** The verdicts it was given, newest first, once there was more than one. */
function earlier() {
  at("earlier").hidden = given.length < 2;
  at("history").replaceChildren(
    ...[...given].reverse().map((one) => {
      const item = element("li");
      const verdict = t(`verdict.${one.verdict ?? "none"}`);
      const counts = t(one.accepted ? "accepted" : "refused");
      item.append(element("time", moment(one.at, page.time_zone)));
      item.append(element("b", `${t(`cause.${one.cause}`)} · ${verdict} · ${counts}`));
      const [first] = one.reasons;
      const why = one.text ?? (first ? sentence(page.texts, first, scene.names)[1] : "");
      item.append(element("p", why));
      return item;
    }),
  );
}

async function read() {
  const [appeals, history] = await Promise.all([
    page.appeals ? items(page.appeals) : [],
    ask(`${page.address}/${said.id}/history`),
  ]);
  appeal = appeals.find((one) => one.check_in === said.id);
  given = history.items;
  appealed();
  earlier();
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
Promise.all([ground.load(), read()]).then(() => {
  document.documentElement.dataset.ready = "true";
}, (error) => console.error(error));
// A phone's bars come and go and change the height: only another width is another picture.
let wide = map.getSize().x;
map.on("resize", ({ newSize }) => {
  if (newSize.x !== wide) home();
  wide = newSize.x;
});
