"""What people's browsers and mail programs call themselves, written down by kind; none may count as a machine."""

from __future__ import annotations

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"
_ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S918B)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"

BROWSERS = [
    f"{_WINDOWS} {_WEBKIT} Chrome/130.0.0.0 Safari/537.36",
    f"{_MAC} {_WEBKIT} Chrome/131.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/129.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/130.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36",
    f"{_WINDOWS} {_WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
    f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/70.0.3538.102 Safari/537.36 Edge/18.19042",
    f"{_WINDOWS} {_WEBKIT} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0",
    f"{_WINDOWS} {_WEBKIT} Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36",
    f"{_WINDOWS} {_WEBKIT} Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0.3495.11",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (X11; Linux i686; rv:10.0) Gecko/20100101 Firefox/10.0 Iceweasel/10.0",
    "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
    f"{_MAC} {_SAFARI} Version/18.1 Safari/605.1.15",
    f"{_IPHONE} {_SAFARI} Version/18.1 Mobile/15E148 Safari/604.1",
    f"{_IPHONE} {_SAFARI} CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1",
    f"{_IPHONE} {_SAFARI} FxiOS/132.0 Mobile/15E148 Safari/605.1.15",
    f"{_IPHONE} {_SAFARI} Version/18.0 EdgiOS/130.0.2849.80 Mobile/15E148 Safari/605.1.15",
    f"{_IPHONE} {_SAFARI} GSA/340.3.692 Mobile/15E148 Safari/604.1",
    f"{_IPHONE} {_SAFARI} Mobile/15E148",
    f"{_IPHONE} {_SAFARI} Version/18.1 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    f"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) {_SAFARI} Version/17.7 Mobile/15E148 Safari/604.1",
    f"{_ANDROID} {_WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36",
    f"{_ANDROID} {_WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36 EdgA/130.0.0.0",
    f"{_ANDROID} {_WEBKIT} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
    f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    f"{_ANDROID} {_WEBKIT} Chrome/129.0.0.0 Mobile Safari/537.36 OPR/85.0.0.0",
    f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; U; Android 12; fr; 2201117TY) {_WEBKIT} Version/4.0 Chrome/112.0.0.0 Mobile Safari/537.36 "
    "XiaoMi/MiuiBrowser/14.9",
    f"Mozilla/5.0 (Linux; U; Android 11; en-US; RMX2193) {_WEBKIT} Version/4.0 Chrome/100.0 UCBrowser/13.4 Mobile "
    "Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 9; KFTRWI) {_WEBKIT} Silk/120.4.1 like Chrome/120.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 8.1; CUBOT_NOTE_S) {_WEBKIT} Chrome/110.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {_WEBKIT} Chrome/110.0.0.0 Mobile Safari/537.36",
    f"{_MAC} {_SAFARI}",
    f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15 Ddg/17.6",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; Microsoft Outlook "
    "16.0.5266; ms-office; MSOffice 16)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.16.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    f"{_IPHONE} {_SAFARI} Mobile/15E148 Outlook-iOS/2.0",
    "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240905.003)",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {_WEBKIT} Version/6.0 TV Safari/537.36",
]
