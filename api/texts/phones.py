# SPDX-License-Identifier: Apache-2.0
"""Words of phones whose apps speak a protocol of their own."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "device.unknown": {
        "zh": ("设备未配对", "没有使用此令牌的设备，或已解除配对。请重新扫描配对二维码。"),
        "en": (
            "Unknown device",
            "No device is paired with this token, or it was unpaired. Scan a new pairing code.",
        ),
    },
    "fix.malformed": {
        "zh": ("定位数据无法读取", "定位数据缺少时间，或其中有无法识别的数字，未记录位置。"),
        "en": ("Malformed fix", "A number or the time of the fix cannot be read; not stored."),
    },
    "fix.no_place": {
        "zh": ("没有位置", "这条消息没有经纬度，未记录位置。"),
        "en": ("No place", "The message has no latitude and longitude; nothing is stored."),
    },
    "fix.not_valid": {
        "zh": ("定位无效", "手机自己说明这次定位无效，未记录位置。"),
        "en": ("Fix not valid", "The phone itself says that this fix is not valid."),
    },
}
