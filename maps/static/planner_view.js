// SPDX-License-Identifier: Apache-2.0
// How much of the window is map, and how something is brought into sight in it.

/** The map above and the rest below it, as on a phone (`planner_small.css`). */
export const small = matchMedia("(max-width: 900px)");

/** What names keep clear of. */
export function boxes() {
  if (small.matches) return [];
  return [...document.querySelectorAll(".bar, .left > section:not([hidden]), .right > section:not([hidden]), .legend, .sight")].map((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    return [left, top, right, bottom];
  });
}

/** Fit west, south, east, north between the panels. @param {any} map @param {number[]} box */
export function fit(map, [west, south, east, north]) {
  if (small.matches) {
    map.fitBounds([[south, west], [north, east]], { padding: [8, 8], animate: false, maxZoom: 17 });
    return;
  }
  const left = document.querySelector(".left").getBoundingClientRect().right;
  const right = innerWidth - document.querySelector(".right").getBoundingClientRect().left;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  map.fitBounds([[south, west], [north, east]], {
    paddingTopLeft: [left + 20, top + 10], paddingBottomRight: [right + 20, 50], animate: false, maxZoom: 17,
  });
}
