// SPDX-License-Identifier: Apache-2.0
// The interface, drawn by Swagger UI from our own document; it asks no validator elsewhere.

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  validatorUrl: "none",
  deepLinking: true,
  displayRequestDuration: true,
});
