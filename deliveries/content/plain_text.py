"""The text part of a message that has only HTML: what it says, line by line, with its links written out."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "div",
        "dl",
        "dt",
        "dd",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_APART = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table"])
_UNSEEN = frozenset({"head", "script", "style", "title", "template"})
# A decoded brace must not begin a tag of the personalisation language.
_BRACE = "{{ '{' }}"


def text_of(html: str) -> str:
    """The HTML as text, personalisation kept; it always ends with or holds the unsubscription link."""
    converter = _Converter()
    converter.feed(html)
    converter.close()
    text = _tidy("".join(converter.pieces))
    if "message.unsubscribe_url" not in text:
        text = f"{text}\n-- \n{_unsubscription()}\n"
    return text


def _unsubscription() -> str:
    """One line in the recipient's language, chosen when the message is rendered."""
    lines = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            lines[code] = _("Unsubscribe: %(url)s") % {"url": "{{ message.unsubscribe_url }}"}
    default = lines.pop(settings.LANGUAGES[0][0])
    cases = [f"{{% if recipient.language[:2] == '{code}' %}}{line}" for code, line in lines.items()]
    return "{% else %}".join([*cases, default]) + "{% endif %}" * len(cases)


class _Converter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[str] = []
        self._unseen = 0
        self._link = ""
        self._link_start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "img" and not self._unseen:
            self._say(values.get("alt") or "")
        elif tag == "a":
            self._link, self._link_start = (values.get("href") or "").strip(), len(self.pieces)
        elif tag in _BLOCKS:
            self.pieces.append("\n\n" if tag in _APART else "\n")
        if tag == "li":
            self.pieces.append("- ")
        if tag in ("td", "th"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a":
            self._close_link()
        elif tag in _BLOCKS:
            self.pieces.append("\n\n" if tag in _APART else "\n")

    def _close_link(self) -> None:
        link, self._link = self._link, ""
        label = "".join(self.pieces[self._link_start :]).strip()
        if link.startswith(("http://", "https://", "{{")) and link != label:
            self.pieces.append(f" <{link}>" if label else link)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._say(re.sub(r"\s+", " ", data))

    def handle_entityref(self, name: str) -> None:
        self._decoded(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._decoded(f"&#{name};")

    def _decoded(self, reference: str) -> None:
        if not self._unseen:
            self._say(unescape(reference).replace("{", _BRACE))

    def _say(self, text: str) -> None:
        self.pieces.append(text)


def _tidy(text: str) -> str:
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
