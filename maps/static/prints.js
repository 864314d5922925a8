// SPDX-License-Identifier: Apache-2.0
// Codes for doors: issued, renewed, printed.

import { ask, decide } from "./ask.js";
import { learn, otherLanguage, speak, t } from "./words.js";

learn({
  cancel: ["取消", "Cancel"],
  issue: ["制作", "Issue"],
  renew: ["换发", "Renew"],
  issue_title: ["为“{name}”制作二维码？", "Issue a code for “{name}”?"],
  issue_says: ["制作后请打印并张贴在门口。", "Print it afterwards and hang it at the door."],
  renew_title: ["换发“{name}”的二维码？", "Renew the code of “{name}”?"],
  renew_says: [
    "现在张贴的第 {number} 版立即失效：请打印新的一版并换上。",
    "Print {number}, which hangs there now, counts no more at once: print the new one and hang it instead.",
  ],
});

const page = JSON.parse(document.getElementById("page").textContent);

/** @param {DOMStringMap} door */
function issue({ checkpoint, name, number }) {
  const what = number ? "renew" : "issue";
  decide({
    title: t(`${what}_title`, { name }),
    say: t(`${what}_says`, { number: number ?? "" }),
    choices: [{ name: what }],
    act: async () => {
      await ask(`${page.checkpoints}/${checkpoint}/proof-codes`, "POST");
      location.reload();
    },
  });
}

document.getElementById("language").addEventListener("click", otherLanguage);
document.getElementById("print").addEventListener("click", () => print());
for (const button of document.querySelectorAll("button.issue")) {
  button.addEventListener("click", () => issue(/** @type {HTMLElement} */ (button).dataset));
}
speak();
