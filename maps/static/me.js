// SPDX-License-Identifier: Apache-2.0
// A worker's own page, and what every small page can do: speak, and sign out.

import { otherLanguage, speak, t } from "./words.js";

const data = document.getElementById("page")?.textContent;
const page = data ? JSON.parse(data) : { sign_out: "/api/v1/sessions/current" };
const CELLS_SHOWN = 12;
/** @type {any} */
let worker;
/** @type {Map<string, string>} */
const names = new Map();

/** @param {string} url */
async function ask(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

async function read() {
  try {
    worker = await ask(page.worker);
  } catch {
    document.getElementById("problem").textContent = t("no_service");
    return;
  }
  show();
  for (const { cell } of worker.cells.slice(0, CELLS_SHOWN)) {
    try {
      names.set(cell, (await ask(`${page.areas}/${cell}`)).properties.name);
    } catch {
      // Its code says it as well.
    }
  }
  show();
}

function show() {
  if (!worker) return;
  document.getElementById("problem").textContent = "";
  document.getElementById("name").textContent = worker.name;
  document.getElementById("cells").replaceChildren(
    ...worker.cells.map(({ cell, role }) => {
      const item = document.createElement("li");
      const part = document.createElement("small");
      part.textContent = t(`role.${role}`);
      item.append(names.get(cell) ?? cell, part);
      return item;
    }),
  );
}

document.getElementById("language").addEventListener("click", () => {
  otherLanguage();
  show();
});
document.getElementById("leave").addEventListener("click", async () => {
  await fetch(page.sign_out, { method: "DELETE" });
  location.assign("/login");
});
speak();
if (page.worker) {
  read();
  setInterval(read, 30_000);
}
