# SPDX-License-Identifier: Apache-2.0
"""Words of the live feed."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "live.kind_unknown": {
        "zh": ("没有这种事件", "没有这些事件类型：{kinds}，可用的类型见 docs/live.md。"),
        "en": ("No such kind", "There are no kinds {kinds}; docs/live.md lists those there are."),
    },
    "live.too_many_screens": {
        "zh": ("屏幕已满", "同时打开的实时画面已达上限，请在 {retry_after_s} 秒后重试。"),
        "en": (
            "Too many screens",
            "As many screens are open as may be; retry in {retry_after_s} s.",
        ),
    },
}
