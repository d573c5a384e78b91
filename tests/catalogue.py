"""Reads a gettext catalogue, and what the source asks to be translated, without the gettext tools."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = ("common", "installation", "recipients", "operations", "deliveries", "tracking", "campaign_site")

# The name of a function → where its context, message and plural stand among its arguments.
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (None, 0, None)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (None, 0, 1)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (0, 1, None)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (0, 1, 2)),
}
TAG = re.compile(r"""{%\s*(?:translate|trans)\s+(["'])(?P<text>.*?)\1(?P<rest>[^%]*)%}""")
INLINE = re.compile(r"""\b_\((["'])(?P<text>.*?)\1\)""")
BLOCK = re.compile(r"{%\s*blocktrans(?:late)?\b(?P<rest>[^%]*)%}(?P<text>.*?){%\s*endblocktrans(?:late)?\s*%}", re.S)
PLURAL = re.compile(r"{%\s*plural\s*%}")
VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
CONTEXT = re.compile(r"""\bcontext\s+["'](.*?)["']""")
SCRIPT_TEXT = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
SCRIPT_TEXTS = rf"{SCRIPT_TEXT}(?:\s*\+\s*{SCRIPT_TEXT})*"
SCRIPT_CALL = re.compile(
    rf"\b(?P<name>n?p?gettext|npgettext)\(\s*(?P<first>{SCRIPT_TEXTS})"
    rf"(?:\s*,\s*(?P<second>{SCRIPT_TEXTS}))?(?:\s*,\s*(?P<third>{SCRIPT_TEXTS}))?"
)
LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")')


@dataclass(frozen=True)
class Key:
    """What a translation is looked up by."""

    text: str
    context: str = ""
    plural: str = ""


@dataclass
class Entry:
    key: Key
    translations: list[str] = field(default_factory=list)
    fuzzy: bool = False
    obsolete: bool = False


def read_po(path: Path) -> list[Entry]:
    """Every entry of the catalogue but its header."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    return [entry for entry in map(_read_entry, blocks) if entry.key.text]


def _read_entry(block: str) -> Entry:
    texts: dict[str, str] = {}
    name = ""
    lines = block.split("\n")
    for line in lines:
        match = LINE.fullmatch(line.removeprefix("#~ "))
        if match:
            name = match[1] or name
            texts[name] = texts.get(name, "") + ast.literal_eval(match[2])
    return Entry(
        key=Key(texts.get("msgid", ""), texts.get("msgctxt", ""), texts.get("msgid_plural", "")),
        translations=[text for name, text in texts.items() if name.startswith("msgstr")],
        fuzzy=any(line.startswith("#,") and "fuzzy" in line for line in lines),
        obsolete=any(line.startswith("#~") for line in lines),
    )


def read_mo(path: Path) -> dict[object, str]:
    """What the compiled catalogue answers, by the keys of gettext; its header left out."""
    with path.open("rb") as file:
        compiled: dict[object, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: text for key, text in compiled.items() if key}


def as_compiled(entries: list[Entry]) -> dict[object, str]:
    """What `read_mo` must answer for these entries."""
    compiled: dict[object, str] = {}
    for entry in entries:
        text = f"{entry.key.context}\x04{entry.key.text}" if entry.key.context else entry.key.text
        if entry.key.plural:
            compiled.update({(text, number): form for number, form in enumerate(entry.translations)})
        else:
            compiled[text] = entry.translations[0]
    return compiled


def messages_of_source() -> dict[Key, str]:
    """Every message that the project asks to be translated → the file that asks."""
    found: dict[Key, str] = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            found.update(dict.fromkeys(messages_of_python(path.read_text()), str(path.relative_to(ROOT))))
        for path in sorted((ROOT / app).rglob("*.html")):
            found.update(dict.fromkeys(messages_of_template(path.read_text()), str(path.relative_to(ROOT))))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        found.update(dict.fromkeys(messages_of_template(path.read_text()), str(path.relative_to(ROOT))))
    return found


def messages_of_scripts() -> dict[Key, str]:
    """Every message that the project's own scripts ask to be translated → the file that asks."""
    found: dict[Key, str] = {}
    for app in APPS:
        for path in sorted((ROOT / app).glob("static/**/*.js")):
            if "vendor" not in path.parts:
                found.update(dict.fromkeys(messages_of_script(path.read_text()), str(path.relative_to(ROOT))))
    return found


def messages_of_script(source: str) -> Iterator[Key]:
    for match in SCRIPT_CALL.finditer(source):
        texts = [_script_text(match[part]) for part in ("first", "second", "third")]
        context, text, plural = CALLS[match["name"]]
        yield Key(texts[text or 0], "" if context is None else texts[context], "" if plural is None else texts[plural])


def _script_text(source: str | None) -> str:
    """The text that one or several joined literals stand for; their escapes are those of Python."""
    return "".join(str(ast.literal_eval(text)) for text in re.findall(SCRIPT_TEXT, source or ""))


def messages_of_python(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            context, text, plural = (_argument(node, place) for place in CALLS[node.func.id])
            if text:
                yield Key(text, context, plural)


def _argument(call: ast.Call, place: int | None) -> str:
    argument = None if place is None or place >= len(call.args) else call.args[place]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def messages_of_template(source: str) -> Iterator[Key]:
    for match in TAG.finditer(source):
        yield Key(match["text"], _context(match["rest"]))
    yield from (Key(match["text"]) for match in INLINE.finditer(source))
    for match in BLOCK.finditer(source):
        text, *plural = (_block_text(part, "trimmed" in match["rest"]) for part in PLURAL.split(match["text"]))
        yield Key(text, _context(match["rest"]), "".join(plural))


def _context(options: str) -> str:
    match = CONTEXT.search(options)
    return match[1] if match else ""


def _block_text(text: str, trimmed: bool) -> str:
    if trimmed:
        text = " ".join(line.strip() for line in text.strip().split("\n"))
    return VARIABLE.sub(r"%(\1)s", text.replace("%", "%%"))
