# SPDX-License-Identifier: Apache-2.0
"""Words of the channel and its calls."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "call.exists": {
        "zh": ("已有通话", "该网格员正在通话或正被呼叫，请稍候。"),
        "en": ("In a call", "The worker is in a call, or being called, already."),
    },
    "call.nobody": {
        "zh": ("无人可呼叫", "此次连线还没有人接办，或所选网格员不在其中。"),
        "en": ("Nobody to call", "Nobody has taken this incident yet, or not whom you named."),
    },
    "call.not_found": {
        "zh": ("没有这次通话", "没有通话 {call}，或它已经结束，或不是您的通话。"),
        "en": ("No such call", "There is no call {call}, or it is over, or it is not yours."),
    },
    "call.over": {
        "zh": ("通话已结束", "对方已挂断或呼叫已超时。"),
        "en": ("Call over", "The other side has hung up, or the call was not answered in time."),
    },
    "call.signal_not_kept": {
        "zh": ("通话信令无法保存", "信令中有数据库不能保存的内容（如空字符）。"),
        "en": (
            "Signal not kept",
            "The signal holds what cannot be stored, such as NUL.",
        ),
    },
    "call.signal_too_deep": {
        "zh": ("通话信令嵌套过深", "一条信令最多嵌套 {limit_levels} 层。"),
        "en": ("Signal too deep", "One signal nests {limit_levels} levels at the most."),
    },
    "call.signal_too_large": {
        "zh": ("通话信令过大", "一条信令最多 {limit_bytes} 字节。"),
        "en": ("Signal too large", "One signal has {limit_bytes} bytes at the most."),
    },
    "call.taken": {
        "zh": ("已有人接听", "另一位值班员已接听这次通话。"),
        "en": ("Already answered", "Another officer has answered this call."),
    },
    "call.too_many_signals": {
        "zh": ("通话信令过多", "这次通话的信令过多，请挂断后重新呼叫。"),
        "en": ("Too many signals", "This call has said too much; hang up and call again."),
    },
}
