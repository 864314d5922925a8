// SPDX-License-Identifier: Apache-2.0
// The interface, drawn by Swagger UI from our own document; it asks no validator elsewhere.

import { otherLanguage, speak } from "./words.js";

document.getElementById("language").addEventListener("click", otherLanguage);
speak();
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  validatorUrl: "none",
  deepLinking: true,
  displayRequestDuration: true,
  // Fifty shapes below the routes would only be in the way.
  defaultModelsExpandDepth: -1,
});
