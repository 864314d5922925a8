// SPDX-License-Identifier: Apache-2.0
// Terms of the field on the planner's page, and what they mean in plain words: told by whoever points at one.

import { element } from "./patrol_words.js";
import { learn, t } from "./words.js";

const WHY = {
  "planner.fig_most": ["户数离全区平均最远的网格，差多少。", "How far the cell is off that is furthest from the district's mean of households."],
  "planner.fig_compact": ["网格的形状有多接近圆：1 是圆，越小越狭长、边界越曲折。", "How close to a circle cells are: 1 is a circle, less is longer and more winding."],
  "planner.fig_patrol": ["在每个网格里步行走遍所有巡查点，平均要走多远。", "How far it is on foot past all checkpoints of a cell, on average."],
  "planner.fig_barriers": ["网格里的楼栋分在铁路、河流或主干路两侧的，算跨越一处。这里是全区合计，越少越好。", "A cell with buildings on both sides of a railway, river or main road crosses it. The sum of the district: fewer is better."],
  "planner.fig_apart": ["这样的网格有几个：格内有楼栋不出网格、只走道路就到不了。", "How many cells have buildings that one does not reach by streets without leaving the cell."],
  "planner.compact": ["两种算法，都是 1 最接近圆。前一个看周长，边界曲折则小；后一个看外接圆，形状狭长则小。", "Two ways to tell, both 1 for a circle. The first goes by the perimeter (a winding border lowers it), the second by the circle round it (a long shape does)."],
  "planner.buildings": ["楼栋组是网格里编在一起的几栋楼，有自己的编码。楼换了网格，就编进新网格的楼栋组。", "A building group is some buildings of a cell under one code. A building that changes cell comes to a group there."],
  "planner.barriers": ["网格里的楼栋分在它的两侧，巡查要绕行。", "The cell has buildings on both sides of it: a round goes a long way."],
  "planner.cut_off": ["不出网格、只走道路，从其他楼栋走不到的楼栋。", "Buildings that one does not reach from the others by streets without leaving the cell."],
  "auto.f_largest": ["离本社区平均最远的网格，差多少。", "How far the cell is off that is furthest from its community's mean."],
  "auto.f_mean": ["各网格与本社区平均相差多少，取平均。", "How far cells are from their community's mean, on average."],
  "auto.f_compact": ["网格的形状有多接近圆：1 是圆，越小越狭长、边界越曲折。", "How close to a circle cells are: 1 is a circle, less is longer and more winding."],
  "auto.f_streets": ["新画的边界有多少沿着道路、河流或铁路走。", "How much of the new borders runs along streets, rivers or railways."],
  "auto.f_moved": ["采用后不再与原来多数邻居同在一个网格的住户。", "Households that would no longer be with most of their cell."],
};

learn(/** @type {Record<string, [string, string]>} */ (Object.fromEntries(Object.entries(WHY).map(([name, said]) => [`${name}.why`, said]))));

/** A term of a list of figures, with what it means where that is not plain. @param {string} name */
export function term(name) {
  const said = element("dt", t(name));
  if (name in WHY) {
    said.title = t(`${name}.why`);
    said.classList.add("term");
  }
  return said;
}
