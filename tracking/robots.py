"""Which hits are machines': small rules, versioned, so that kept hits can be judged again by later ones.

People's programs look alike; machines do not. So a hit is a person's when it looks like a browser or a mail program,
and a machine's when it names itself one, gives an address to write to, or looks like neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracking.models import Verdict

RULES_VERSION = 1

# The last one is all that Apple's mail privacy protection says.
_IMAGE_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|YahooCacheSystem|^Mozilla/5\.0$", re.IGNORECASE)
# Words by which programs name what they are.
_MACHINE_WORDS = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|scrap|scan(?!dia)|fetch|preview|monitor|check|validat|archiv|"
    r"index(?:er|ing)|inspect|analy[sz]er?|headless|lighthouse|phantom|selenium|puppeteer|playwright|synthetic|"
    r"harvest|extract|feed|rss\b|reader/|probe|audit|survey|pingdom|uptime|curl|wget|python|java/|libwww|perl|ruby|"
    r"php|httpclient|http-client|axios|okhttp|go-http|node-fetch|guzzle|apache-|postman|insomnia|"
    r"externalhit|embedly|facebookexternal|google-(?!chrome)|googleother|googleagent|bingpreview|mediapartners|"
    r"barracuda|proofpoint|mimecast|safelinks|symantec|fortinet|trendmicro|sophos|cisco-|ironport|messagelabs|"
    r"agent\b|ads-|seo\b|website|web ?site|link ?(?:tiger|check|explorer|dex)|daemon|webhook|grabber|copier|"
    r"download(?:er)?|sitemap|offline|heritrix|ichiro|larbin|nutch|yandex(?!search)|baidu(?!boxapp|browser)",
    re.IGNORECASE,
)
# Machines leave an address to write to; browsers do not.
_CONTACT = re.compile(
    r"https?://|\bwww\.|[\w.+-]+@[\w-]+\.\w|\b[a-z0-9-]+\.(?:com|org|net|io|fr|de|ai|co)\b", re.IGNORECASE
)
_BROWSER = re.compile(r"(?:Mozilla/[45]\.0|Opera/\d)[^()]*\(")
# "compatible" is what machines say of themselves, and what three old browsers said.
_COMPATIBLE = re.compile(r"\(compatible(?!; (?:MSIE|Konqueror|ms-office))|compatible; [A-Z][\w-]+\)")
_MAIL_PROGRAMS = re.compile(
    r"(?:Microsoft Office|Microsoft Outlook|Outlook|Thunderbird|Postbox|Lotus-Notes|Airmail|Spark|Canary|eM ?Client|"
    r"The Bat!|MacOutlook|Mail|AppleMail|MobileMail|Evolution|KMail|Dalvik|Nokia|SAMSUNG|SonyEricsson|LG-|HTC|"
    r"BlackBerry|UCWEB|Opera Mini)[\w .-]*[/ ]"
)
# What follows the platform of a browser: the engine's and the browser's own names.
_PRODUCTS = re.compile(
    r"Mozilla|AppleWebKit|KHTML|like|Gecko|Version|Chrome|Chromium|Safari|Mobile|Firefox|Edge?|EdgA|EdgiOS|OPR|OPT|OPX|OPiOS|"
    r"CriOS|FxiOS|SamsungBrowser|Vivaldi|YaBrowser|Yowser|Yptp|YaApp_Android|YaSearchBrowser|UCBrowser|UBrowser|"
    r"MiuiBrowser|XiaoMi|HuaweiBrowser|HeyTapBrowser|VivoBrowser|Silk|Silk-Accelerated|QQBrowser|MQQBrowser|TBS|"
    r"MetaSr|MicroMessenger|NetType|WIFI|Language|Weixin|DuckDuckGo|Ddg|GSA|Brave|Whale|Puffin|Focus|Klar|Kiwi|"
    r"Iceweasel|SeaMonkey|PaleMoon|Goanna|Waterfox|LibreWolf|Epiphany|Konqueror|QtWebEngine|Falkon|Otter|Maxthon|"
    r"Electron|Thunderbird|Lightning|Postbox|Outlook(?:-iOS|-Android)?|Teams|Slack|MSOffice|MSAppHost|Presto|Trident|"
    r"rv|OPRGX|GX|AlohaBrowser|Ecosia|Quark|Sleipnir|Coast|Avast|AVG|Norton|CCleaner|Avira|Opera|Tizen|Build|"
    r"Ubuntu|Debian|Fedora|Linux|Mac|Win64|Android|Mail|Alook|Sogou[\w]*|Sidekick|Instabridge|wv|en|EN|Tablet|PC|TV|"
    r"Phone|Windows|MSIE|Arora|Camino|Galeon|Minefield|Navigator|Netscape|U2|Series60|3gpp-gba|SmartTV|LG|NetCast|"
    r"Web0S|WebAppManager|CrKey|AFT\w*|Version\d*|Config|Viewer|Agency|BrowserType|BingSapphire|BingWeb|NAVER|KAKAOTALK|"
    r"Instagram|LinkedInApp|Snapchat|Pinterest|musical_ly|BytedanceWebview|Line|FBAN|FBAV|GoogleApp|Sailfish",
)


@dataclass(frozen=True)
class Visitor:
    """What a request tells of who made it."""

    user_agent: str
    method: str = "GET"
    prefetch: bool = False


def classify(visitor: Visitor) -> Verdict:
    """The verdict on one hit by the present rules."""
    if visitor.prefetch:
        return Verdict.PREFETCH
    if visitor.method == "HEAD":
        return Verdict.SCANNER
    if not visitor.user_agent.strip():
        return Verdict.UNKNOWN
    if _IMAGE_PROXIES.search(visitor.user_agent):
        return Verdict.PROXY
    return Verdict.SCANNER if is_machine(visitor.user_agent) else Verdict.HUMAN


def is_machine(user_agent: str) -> bool:
    if _MACHINE_WORDS.search(user_agent) or _CONTACT.search(user_agent) or _COMPATIBLE.search(user_agent):
        return True
    if _MAIL_PROGRAMS.match(user_agent):
        return False
    return _BROWSER.match(user_agent) is None or not _is_browser_like(user_agent)


def _is_browser_like(user_agent: str) -> bool:
    """Outside its brackets a browser names only engines and browsers."""
    outside = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", " ", user_agent)
    names = [token.partition("/")[0].rstrip(",;") for token in outside.partition("[")[0].split()]
    return all(_PRODUCTS.fullmatch(name) or not name[:1].isalpha() for name in names)
