// SPDX-License-Identifier: Apache-2.0
// Signing in: the cookie is set by the answer, then the page that was asked for.

import { language, otherLanguage, speak, t } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const form = /** @type {HTMLFormElement} */ (document.getElementById("sign-in"));
const problem = document.getElementById("problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  button.disabled = true;
  button.textContent = t("signing_in");
  problem.textContent = "";
  try {
    const answer = await fetch("/api/v1/sessions", {
      method: "POST",
      headers: { "content-type": "application/json", "accept-language": language() },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    if (answer.ok) {
      location.replace(page.next);
      return;
    }
    problem.textContent = (await answer.json()).detail;
    const password = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
    password.focus();
    password.select();
  } catch {
    problem.textContent = t("no_service");
  }
  button.disabled = false;
  button.textContent = t("sign_in");
});

document.getElementById("language").addEventListener("click", otherLanguage);
speak();
