"""What the pages of lists need beyond Django's own tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common.admin import NoCountPaginator
from common.template_tags import icon

register = template.Library()
NUMBER = re.compile(r"[+\-−<]?\d[\d\s.,  ]*%?")
NOTHING = {"", "-", "–"}
MARKUP = re.compile(r"<[^>]*>")
TAG = re.compile(r"<(td|th)( class=\"([^\"]*)\")?")
BOOLEAN = re.compile(r'<img src="[^"]*icon-(yes|no|unknown)\.svg"[^>]*>')
COUNT = re.compile(r"(.*) \((\d+|-)\)", re.S)


@dataclass(frozen=True)
class Table:
    """`headers`: Django's, with `is_number`; `rows`: the cells of each row as HTML, with the row's form."""

    headers: list[dict[str, Any]]
    rows: list[tuple[list[SafeString], Any]]


@register.filter
def as_table(results: Iterable[Any], headers: list[dict[str, Any]]) -> Table:
    """Cells with the caption that they have on a small screen; columns of nothing but figures stand right."""
    rows = [(list(result), getattr(result, "form", None)) for result in results]
    figures = [_is_figures(cells[place] for cells, _form in rows) for place in range(len(headers))]
    marked = [
        {**header, "is_number": figures[place], "caption": _caption(header)} for place, header in enumerate(headers)
    ]
    return Table(marked, [([_cell(*pair) for pair in zip(cells, marked, strict=False)], form) for cells, form in rows])


def _is_figures(cells: Iterable[str]) -> bool:
    """Most columns are known by their first cell: the rest of the page is not read."""
    has_figures = False
    for cell in cells:
        text = MARKUP.sub("", cell).strip()
        if text in NOTHING:
            continue
        if not NUMBER.fullmatch(text):
            return False
        has_figures = True
    return has_figures


def _caption(header: dict[str, Any]) -> str:
    text = strip_tags(str(header["text"]))
    return text[:1].upper() + text[1:]


def _cell(html: str, header: dict[str, Any]) -> SafeString:
    """Django's cell with a class for figures and its caption."""

    def opening(found: re.Match[str]) -> str:
        classes = " ".join(part for part in (found[3] or "", "num" if header["is_number"] else "") if part)
        caption = "" if "action-checkbox" in classes or found[1] == "th" else header["caption"]
        return format_html('<{} class="{}" data-l="{}"', found[1], classes, caption)

    # Django's own cell, whose content it has escaped.
    marked = TAG.sub(opening, html, count=1)
    return mark_safe(BOOLEAN.sub(_yes_or_no, marked) if "<img" in marked else marked)


def _yes_or_no(found: re.Match[str]) -> str:
    """A word instead of Django's picture: a red cross would call every "no" an error."""
    if found[1] == "yes":
        return format_html("{} {}", icon("check"), _("Yes"))
    return format_html('<span class="mut">{}</span>', _("No") if found[1] == "no" else "–")


@register.filter
def filters_in_use(cl: ChangeList) -> list[dict[str, str]]:
    """Each filter with a choice of its own: what it says, and the address without it."""
    with_counts, cl.add_facets = cl.add_facets, False
    try:
        return [found for spec in cl.filter_specs if (found := _in_use(cl, spec))]
    finally:
        cl.add_facets = with_counts


def _in_use(cl: ChangeList, spec: Any) -> dict[str, str] | None:
    choices = list(spec.choices(cl))
    chosen = [str(choice["display"]) for choice in choices[1:] if choice["selected"]]
    if not chosen or choices[0]["selected"]:
        return None
    return {"title": str(spec.title), "chosen": ", ".join(chosen), "url": choices[0]["query_string"]}


@register.filter
def named(display: Any) -> tuple[str, str]:
    """A filter's choice and its count, which Django writes behind it."""
    found = COUNT.fullmatch(str(display))
    return (found[1], found[2]) if found else (str(display), "")


@register.filter
def is_at_limit(cl: ChangeList) -> bool:
    """Whether the list has more rows than are counted."""
    return isinstance(cl.paginator, NoCountPaginator) and cl.result_count >= NoCountPaginator.LIMIT


@register.filter
def without_colon(label: str) -> SafeString:
    """A label of a form as Django writes it, without what it puts behind: it stands in a column of its own."""
    return mark_safe(re.sub(r"\s*:(?=</label>)", "", str(label)))
