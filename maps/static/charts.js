// SPDX-License-Identifier: Apache-2.0
// Small charts as SVG: bars for a median with whiskers for its tail. Text goes in as text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string|number>} attributes
 * @param {string} [text]
 */
export function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * A round number at or above a value, for the end of an axis.
 * @param {number} value
 */
export function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 5, 10].map((step) => step * power).find((end) => end >= value) ?? value;
}

/**
 * @typedef {{label: string, middle: number|null, tail: number|null, title: string}} Bar
 */

/**
 * Upright bars: the median filled, the tail as a whisker above it. What has no value has no bar.
 * @param {Bar[]} bars
 * @param {{unit: string, label: string}} words
 */
export function uprightBars(bars, words) {
  const [width, height, left, bottom, top] = [960, 260, 44, 24, 22];
  const end = ceiling(Math.max(0, ...bars.map((bar) => bar.tail ?? 0)));
  const y = (value) => height - bottom - ((height - bottom - top) * value) / end;
  const chart = shape("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words.label, class: "chart",
  });
  for (const share of [0, 0.5, 1]) {
    const at = y(end * share);
    chart.append(
      shape("line", { x1: left, x2: width, y1: at, y2: at, class: "grid" }),
      shape("text", { x: left - 6, y: at + 4, class: "axis end" }, `${end * share}`),
    );
  }
  chart.append(shape("text", { x: left - 6, y: 10, class: "axis end" }, words.unit));
  const step = (width - left) / Math.max(1, bars.length);
  bars.forEach((bar, number) => {
    const middle = left + step * (number + 0.5);
    const group = shape("g", {});
    group.append(shape("title", {}, bar.title));
    if (bar.middle !== null && bar.tail !== null) {
      const wide = Math.min(26, step * 0.6);
      group.append(
        shape("rect", {
          x: middle - wide / 2, y: y(bar.middle), width: wide,
          height: Math.max(1, height - bottom - y(bar.middle)), class: "median",
        }),
        shape("path", {
          d: `M${middle} ${y(bar.middle)}V${y(bar.tail)}M${middle - 5} ${y(bar.tail)}h10`,
          class: "tail",
        }),
      );
    }
    group.append(shape("text", { x: middle, y: height - 6, class: "axis" }, bar.label));
    chart.append(group);
  });
  return chart;
}
