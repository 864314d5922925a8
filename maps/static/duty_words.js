// SPDX-License-Identifier: Apache-2.0
// The words of the page where a supervisor takes charge of what climbs to him.

import "./desk_words.js";
import "./worker_words.js";
import { learn } from "./words.js";

learn({
  title_duty: ["连线接手 · 网格", "Take charge · Wangge"],
  "take.check_ins": ["打卡", "Check-ins"],
  "take.take": ["接手", "Take charge"],
  "take.ask": ["呼叫", "Ask"],
  "take.near": ["指定呼叫附近人员", "Ask one of those near"],
  "take.none": ["没有等您接手的连线", "Nothing waits for you"],
  "take.none_why": [
    "无人应答的连线上报到您时，本页会响铃。请保持本页打开。",
    "When nobody answers and a linkup climbs to you, this page rings. Keep it open.",
  ],
  "take.rings": ["无人应答，已上报到您（{level}）", "Nobody answered: it is yours now ({level})"],
  "take.passed": ["已继续上报，您仍可接手", "It has climbed on; you still may take charge"],
  "take.mine": ["由您负责", "You are in charge"],
  "take.other": ["另有 {count} 件", "Others: {count}"],
  "take.other_rings": ["另有 {count} 件等您接手", "{count} more wait for you"],
  "gone.taken": ["{who} 已接手「{title}」。", "{who} has taken charge of “{title}”."],
  "gone.lead": ["「{title}」已有人前往：{who}。", "“{title}”: {who} is on the way."],
});
