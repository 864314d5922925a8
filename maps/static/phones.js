// SPDX-License-Identifier: Apache-2.0
// Pairing one's own phone: an app and a name give a code to scan, shown this once.

import { t } from "./words.js";

const data = document.getElementById("page")?.textContent;
/** @type {string} */
const devices = `${JSON.parse(data ?? "{}").worker}/devices`;
/** @template {HTMLElement} T @param {string} id @returns {T} */
const find = (id) => /** @type {T} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (find("pair"));
const problem = find("pair-problem");
/** @type {{id: string, name: string, profile: {app: string|null}}[]} */
let paired = [];
/** @type {string|null} */
let explained = null;

/** @param {string} url @param {RequestInit} [request] */
async function ask(url, request) {
  const answer = await fetch(url, request);
  const said = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(said?.detail ?? t("no_service"));
  return said;
}

/** @param {() => Promise<void>} act */
async function tell(act) {
  problem.textContent = "";
  try {
    await act();
  } catch (error) {
    // What fetch itself throws is in the browser's language and says nothing to anybody.
    problem.textContent = error instanceof TypeError ? t("no_service") : String(error.message);
  }
}

async function read() {
  paired = (await ask(devices)).items;
  show();
}

function show() {
  find("phones").replaceChildren(
    ...paired.map(({ id, name, profile }) => {
      const item = document.createElement("li");
      const app = document.createElement("small");
      app.textContent = profile.app ? t(`app.${profile.app}`) : "";
      const drop = document.createElement("button");
      drop.type = "button";
      drop.textContent = t("unpair");
      drop.addEventListener("click", () => tell(async () => {
        await ask(`${devices}/${id}`, { method: "DELETE" });
        hide();
        await read();
      }));
      item.append(name, app, drop);
      return item;
    }),
  );
  if (explained) find("scan").textContent = t(`scan.${explained}`);
}

/** @param {{profile: {app: string}, setup: {link: string, qr_svg: string}}} made */
function reveal({ profile, setup }) {
  explained = profile.app;
  const code = new DOMParser().parseFromString(setup.qr_svg, "text/html").querySelector("svg");
  if (code) {
    code.setAttribute("role", "img");
    code.setAttribute("aria-label", t("pairing_code"));
    find("code").replaceChildren(code);
  }
  /** @type {HTMLAnchorElement} */ (find("open")).href = setup.link;
  find("open").hidden = !setup.link.startsWith("owntracks:");
  find("paired").hidden = false;
  form.hidden = true;
}

function hide() {
  explained = null;
  find("code").replaceChildren();
  find("open").removeAttribute("href");
  find("paired").hidden = true;
  form.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = new FormData(form);
  tell(async () => {
    const made = await ask(devices, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: said.get("name"), profile: { app: said.get("app") } }),
    });
    form.reset();
    reveal(made);
    await read();
  });
});
find("done").addEventListener("click", hide);
find("language").addEventListener("click", show);
tell(read);
