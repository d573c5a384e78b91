"""Personalisation: what a content asks for is checked once, then rendered for each recipient.

Recipients' values are data: they are never parsed as a template, and reach it as plain, bounded values.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import minijinja
from django.utils.translation import gettext as _

from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.analysis import ADDED, FIELDS, Analysis, analyse
from deliveries.content.language import MAXIMUM_OUTPUT, SKIP_MARKER, environment, plain
from recipients.addresses import InvalidAddress, clean_email

# The parts that may hold personalisation; `html` alone is escaped.
PARTS = ("subject", "html", "text", "from_name", "reply_to")
HTML_PARTS = frozenset({"html"})
RECIPIENT_FIELDS = tuple(sorted(FIELDS["recipient"]))

_ROOT = Path(__file__).resolve().parents[2]
# Start-up of the trial process included; rendering itself has one second.
_TRIAL_SECONDS = 30
_SAMPLE = {
    "id": 1,
    "email": "camille.martin@example.com",
    "first_name": "Camille",
    "last_name": "Martin",
    "mobile_phone": "+33600000000",
    "birth_date": "1990-02-28",
    "gender": "female",
    "country_code": "FR",
    "created_at": "2025-01-01T09:00:00+00:00",
}
_SAMPLE_LANGUAGES = ("en", "fr")
_OUT_OF_BOUNDS = frozenset({"OutOfFuel", "TooLong", "Killed"})
# With sample data these two may say more about the sample than about the template.
_DATA_FAULTS = frozenset({"UndefinedError", "InvalidOperation"})


class Content(Protocol):
    """A template, a delivery or a content version."""

    subject: str
    html: str
    text: str
    from_name: str
    from_email: str
    reply_to: str


@dataclass(frozen=True)
class ContentProblem:
    """What is wrong in one part, at which line (0: the part as a whole)."""

    part: str
    line: int
    message: str


def check(content: Content) -> list[ContentProblem]:
    """Every problem that would keep this content from being sent; an empty list when there is none."""
    sources = {part: str(getattr(content, part)).replace("\0", "") for part in PARTS}
    analyses = {part: analyse(source) for part, source in sources.items()}
    problems = [
        ContentProblem(part, fault.line, fault.message)
        for part, analysis in analyses.items()
        for fault in analysis.faults
    ]
    problems += _address_problems(content)
    personalised = {part: source for part, source in sources.items() if is_template(source)}
    if problems or not personalised:
        return problems
    return _trial_problems(personalised, analyses)


def _address_problems(content: Content) -> list[ContentProblem]:
    if is_template(content.from_email):
        return [ContentProblem("from_email", 1, _("The sender address can't be personalised."))]
    fixed = {"from_email": content.from_email, "reply_to": content.reply_to}
    return [
        ContentProblem(part, 1, problem)
        for part, address in fixed.items()
        if address and not is_template(address) and (problem := _address_problem(address))
    ]


def _address_problem(address: str) -> str:
    try:
        clean_email(address)
    except InvalidAddress as error:
        return str(error)
    return ""


def _trial_problems(sources: dict[str, str], analyses: Mapping[str, Analysis]) -> list[ContentProblem]:
    needs = Analysis()
    for analysis in analyses.values():
        needs.merge(analysis)
    fault = _run_trial(sources, [_sample_context(language, needs) for language in _SAMPLE_LANGUAGES])
    if not fault:
        return []
    part, line, kind = str(fault["part"]), int(fault["line"]), str(fault["kind"])
    if kind in _OUT_OF_BOUNDS:
        message = _("Personalisation takes too much time, memory or room. Shorten its loops.")
        return [ContentProblem(part, line, message)]
    if kind in _DATA_FAULTS and (analyses[part].attributes or analyses[part].fields[ADDED]):
        return []
    return [ContentProblem(part, line, _("This can't be read: %(detail)s.") % {"detail": fault["detail"] or kind})]


def _run_trial(sources: dict[str, str], contexts: list[dict[str, Any]]) -> dict[str, Any]:
    task = json.dumps({"sources": sources, "escaped": sorted(HTML_PARTS), "contexts": contexts})
    command = [sys.executable, "-m", "deliveries.content.trial"]
    killed = {"part": next(iter(sources)), "line": 0, "kind": "Killed", "detail": ""}
    try:
        done = subprocess.run(
            command, input=task, capture_output=True, text=True, cwd=_ROOT, timeout=_TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return killed
    if done.returncode != 0:
        return killed
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _sample_context(language: str, needs: Analysis) -> dict[str, Any]:
    recipient = {**_SAMPLE, "language": language, "attributes": dict.fromkeys(needs.attributes, "")}
    urls = dict.fromkeys(FIELDS["message"], "https://example.com/")
    added = dict.fromkeys(needs.fields[ADDED], "")
    return {"recipient": recipient, "delivery": {"id": 1, "label": "–"}, "message": urls, ADDED: added}


class Contexts:
    """Makes what one recipient's templates see: the fields that they read, and no other."""

    def __init__(self, needs: Analysis, delivery: Mapping[str, Any]) -> None:
        self._fields = sorted(needs.fields["recipient"])
        self._added = sorted(needs.fields[ADDED])
        self._blank_attributes = dict.fromkeys(needs.attributes, "")
        self._delivery = plain(dict(delivery))

    def make(
        self,
        recipient: Mapping[str, Any],
        urls: Mapping[str, str],
        links: list[str] | None = None,
        pixel: str = "",
        *,
        added: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """`added` are the values that the workflow added to the person; one that is missing is the empty text."""
        values = {name: plain(recipient.get(name)) for name in self._fields}
        if "attributes" in values:
            values["attributes"] = {**self._blank_attributes, **(values["attributes"] or {})}
        return {
            "recipient": values,
            "delivery": self._delivery,
            "message": {name: minijinja.safe(url) for name, url in urls.items()},
            ADDED: {name: plain((added or {}).get(name)) for name in self._added},
            "_links": links or [],
            "_pixel": pixel,
        }


class Personaliser:
    """The parts of one content, compiled once. `sources` are those of PARTS; compiled links and pixel are known.

    With `quoted` they are URLs, and every value is percent-encoded.
    """

    def __init__(self, sources: Mapping[str, str], delivery: Mapping[str, Any], *, quoted: bool = False) -> None:
        self.needs = Analysis()
        templates = {}
        # No engine compiles NUL: what is left without it is what has to be checked.
        sources = {part: source.replace("\0", "") for part, source in sources.items()}
        for part, source in sources.items():
            analysis = analyse(source, compiled=True)
            if analysis.faults:
                raise RenderingFailed(where(part, analysis.faults[0].line) + analysis.faults[0].message)
            self.needs.merge(analysis)
            if is_template(source):
                templates[part] = source
        self._static = {part: source for part, source in sources.items() if part not in templates}
        self._contexts = Contexts(self.needs, delivery)
        try:
            self._engine = environment(templates, escaped=HTML_PARTS, quoted=quoted)
        except minijinja.TemplateError as error:
            raise RenderingFailed(where(str(error.name), error.line or 0) + str(error.detail or error.kind)) from None

    def context(
        self,
        recipient: Mapping[str, Any],
        urls: Mapping[str, str],
        links: list[str] | None = None,
        pixel: str = "",
        *,
        added: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What one recipient's templates see."""
        return self._contexts.make(recipient, urls, links, pixel, added=added)

    def render(self, part: str, context: Mapping[str, Any]) -> str:
        """Raises RenderingFailed (naming part, line and field) or NothingToSend."""
        if part in self._static:
            return self._static[part]
        try:
            output: str = self._engine.render_template(part, **context)
        except minijinja.TemplateError as error:
            raise RenderingFailed(where(part, error.line or 0) + str(error.detail or error.kind)) from None
        except MemoryError:
            raise
        except Exception as error:
            # A filter's own complaint about this recipient's value (a date that is none, for one).
            raise RenderingFailed(where(part, 0) + str(error)) from error
        if SKIP_MARKER in output:
            raise NothingToSend
        if len(output) > MAXIMUM_OUTPUT:
            raise RenderingFailed(where(part, 0) + _("The message exceeds 2 MB."))
        return output


def is_template(source: str) -> bool:
    return any(opening in source for opening in ("{{", "{%", "{#"))


def where(part: str, line: int) -> str:
    return _("%(part)s, line %(line)d: ") % {"part": part, "line": line}
