// SPDX-License-Identifier: Apache-2.0
// Codes for doors, to be printed.

import { otherLanguage, speak } from "./words.js";

document.getElementById("language").addEventListener("click", otherLanguage);
document.getElementById("print").addEventListener("click", () => print());
speak();
