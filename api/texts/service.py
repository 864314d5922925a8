# SPDX-License-Identifier: Apache-2.0
"""Words of requests in general, of signing in, of areas and plans."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "account.not_found": {
        "zh": ("没有这个账号", "没有名为 {username} 的账号。"),
        "en": ("No such account", "There is no account named {username}."),
    },
    "account.password_too_short": {
        "zh": ("密码太短", "密码至少要有 {least} 个字符。"),
        "en": ("Password too short", "A password needs at least {least} characters."),
    },
    "account.username_taken": {
        "zh": ("用户名已被使用", "用户名 {username} 已被使用，请换一个。"),
        "en": ("User name taken", "The user name {username} is taken; choose another."),
    },
    "area.code_malformed": {
        "zh": ("区域编码格式不对", "“{area}”不是区域编码：应为 6、9、12、15 或 18 位数字。"),
        "en": (
            "Malformed area code",
            "“{area}” is not an area code: it has 6, 9, 12, 15 or 18 digits.",
        ),
    },
    "area.not_found": {
        "zh": ("没有这个区域", "当日生效的方案中没有编码为 {area} 的区域，请检查编码和日期。"),
        "en": (
            "No such area",
            "The plan in force that day has no area {area}; check the code and the date.",
        ),
    },
    "body.malformed": {
        "zh": ("请求内容无法读取", "请求正文不是有效的 JSON，请检查后重发。"),
        "en": ("Body cannot be read", "The request body is not valid JSON; mend it and resend."),
    },
    "body.too_large": {
        "zh": ("请求内容过大", "请求正文超过 {limit_bytes} 字节的上限，请分批发送。"),
        "en": (
            "Body too large",
            "The request body exceeds the limit of {limit_bytes} bytes; send it in parts.",
        ),
    },
    "body.too_slow": {
        "zh": ("请求内容迟迟未到", "请求正文没有及时传完，未保存任何内容；请在信号好的地方重发。"),
        "en": (
            "Body too slow",
            "The request body did not arrive in time, and nothing was stored; send it again where"
            " the signal is better.",
        ),
    },
    "cell.not_found": {
        "zh": ("没有这个网格", "{on} 生效的方案中没有网格 {cell}，请检查编码和日期。"),
        "en": (
            "No such cell",
            "The plan in force on {on} has no cell {cell}; check the code and the date.",
        ),
    },
    "cursor.malformed": {
        "zh": ("翻页标记无效", "cursor 不是本系统给出的翻页标记，请从第一页重新查询。"),
        "en": ("Malformed cursor", "The cursor is not one that we gave; begin at the first page."),
    },
    "device.by_device": {
        "zh": ("手机不能管理配对", "配对和解除配对手机，请用账号登录后操作，或找管理员。"),
        "en": (
            "A phone pairs no phones",
            "Sign in with an account to pair or unpair phones, or ask an administrator.",
        ),
    },
    "device.not_found": {
        "zh": ("没有这台设备", "没有这台已配对的设备，或已解除配对。"),
        "en": ("No such device", "There is no such paired device, or it was unpaired."),
    },
    "district.exists": {
        "zh": (
            "该区已存在",
            "区 {district} 已经导入。可用 --level 导入它还没有的一级，"
            "或用 --home 目录 导入到另一个安装。",
        ),
        "en": (
            "District exists",
            "District {district} is already loaded. Bring in a level that it lacks with --level, "
            "or use another home with --home DIR.",
        ),
    },
    "district.not_found": {
        "zh": ("没有这个区", "本系统未导入区 {district}。"),
        "en": ("No such district", "District {district} is not loaded here."),
    },
    "host.not_allowed": {
        "zh": ("主机名不被允许", "请求所用的主机名不在允许之列，请用服务给出的地址访问。"),
        "en": (
            "Host not allowed",
            "The host name of the request is not allowed; use the address the service printed.",
        ),
    },
    "id.reused": {
        "zh": ("编号重复使用", "编号 {id} 已被另一请求使用（内容或操作者不同），请换新的编号。"),
        "en": (
            "Id reused",
            "Id {id} was used by another request or sender; make a new one.",
        ),
    },
    "internal": {
        "zh": ("服务内部错误", "服务出错，未保存任何内容；请把编号 {request} 告诉管理员。"),
        "en": (
            "Internal error",
            "The service failed and stored nothing; give the number {request} to the operator.",
        ),
    },
    "method.not_allowed": {
        "zh": ("不支持的方法", "此地址不支持该请求方法。"),
        "en": ("Method not allowed", "This address does not take that method."),
    },
    "origin.mismatch": {
        "zh": ("来源不符", "此请求来自其他网站，已拒绝；请从本系统页面操作。"),
        "en": (
            "Origin mismatch",
            "The request came from another site and was refused; act from our own pages.",
        ),
    },
    "plan.none_in_force": {
        "zh": ("当日没有生效的方案", "{on} 没有生效的网格方案，请换一个日期。"),
        "en": ("No plan in force", "No plan is in force on {on}; choose another date."),
    },
    "plan.unsound": {
        "zh": ("方案有缺陷", "这些区域不能组成一个方案：有缝隙、重叠、无效图形或编码不嵌套。"),
        "en": (
            "Unsound plan",
            "These areas do not make a plan: gaps, overlaps, invalid shapes or codes not nested.",
        ),
    },
    "point.out_of_range": {
        "zh": ("坐标超出范围", "经度 {lon}、纬度 {lat} 不在地球上；经度在前，请检查是否颠倒。"),
        "en": (
            "Point out of range",
            "Longitude {lon}, latitude {lat} is not on the Earth; longitude first: swapped?",
        ),
    },
    "request.invalid": {
        "zh": ("请求内容有误", "请求中有 {count} 处错误，见 errors；改正后重发。"),
        "en": ("Invalid request", "{count} value(s) are wrong, see errors; mend and resend."),
    },
    "role.not_allowed": {
        "zh": ("没有权限", "您的角色不能进行此操作。"),
        "en": ("Not allowed", "Your role may not do this."),
    },
    "route.not_found": {
        "zh": ("没有这个地址", "本系统没有这个地址。"),
        "en": ("No such address", "There is nothing at this address."),
    },
    "scope.not_found": {
        "zh": ("找不到", "没有这项内容，或不在您的管辖范围内。"),
        "en": ("Not found", "There is no such thing, or it lies outside your area."),
    },
    "service.busy": {
        "zh": ("服务繁忙", "服务繁忙，请在 {retry_after_s} 秒后重试；未保存任何内容。"),
        "en": ("Busy", "The service is busy; retry in {retry_after_s} s. Nothing was stored."),
    },
    "service.database_unavailable": {
        "zh": ("数据库暂不可用", "数据库暂不可用，请在 {retry_after_s} 秒后重试。"),
        "en": ("Database unavailable", "The database is away; retry in {retry_after_s} s."),
    },
    "service.not_ready": {
        "zh": ("服务尚未就绪", "服务尚未就绪，还缺：{missing}。"),
        "en": ("Not ready", "The service is not ready yet; missing: {missing}."),
    },
    "service.stopping": {
        "zh": (
            "服务正在重启",
            "服务正在停止或重启：已答复的都已保存，其余请在 {retry_after_s} 秒后重发。",
        ),
        "en": (
            "The service is stopping",
            "The service stops or restarts: what was answered is stored; send the rest again in"
            " {retry_after_s} s.",
        ),
    },
    "session.bad_credentials": {
        "zh": ("用户名或密码错误", "用户名或密码错误，请重新输入。"),
        "en": ("Wrong user name or password", "User name and password do not match; try again."),
    },
    "session.invalid": {
        "zh": ("登录已失效", "登录已失效，请重新登录。"),
        "en": ("Session ended", "This session has ended; sign in again."),
    },
    "session.required": {
        "zh": ("需要登录", "请先登录。"),
        "en": ("Sign in first", "Sign in first."),
    },
    "session.too_many_failures": {
        "zh": ("尝试次数过多", "密码错误次数过多，请在 {retry_after_s} 秒后再试。"),
        "en": ("Too many failures", "Too many wrong passwords; try again in {retry_after_s} s."),
    },
    "state.wrong": {
        "zh": ("状态已改变", "此项已不在可以这样操作的状态，请刷新后再看。"),
        "en": ("State has changed", "It is no longer in the state for this; look again."),
    },
    "worker.not_found": {
        "zh": ("没有这名网格员", "没有编号为 {worker} 的网格员，或不在您的管辖范围内。"),
        "en": ("No such worker", "There is no worker {worker}, or he is outside your area."),
    },
    "worker.not_self": {
        "zh": ("只能操作本人", "网格员只能为自己操作。"),
        "en": ("Not yourself", "A worker acts for himself only."),
    },
}
