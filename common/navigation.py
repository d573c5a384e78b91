"""The sections of the sidebar: each app adds its entries, in one order for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from common.registry import Registry


@dataclass(frozen=True)
class Section:
    """One entry of the sidebar. `prefixes`: the admin paths that belong to it ("deliveries/delivery/")."""

    label: Any
    icon: str
    url_name: str
    position: int
    prefixes: tuple[str, ...]
    # Any of these permissions ("app.codename") shows the entry; none: everybody who may log in.
    permissions: tuple[str, ...] = ()
    # The figure beside the label and whether it asks for somebody; None shows nothing.
    count: Callable[[HttpRequest], tuple[int, bool] | None] = lambda request: None
    # The letter after `g` that goes there.
    key: str = ""
    # What the address needs besides its name.
    url_arguments: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=self.url_arguments)


@dataclass(frozen=True)
class Entry:
    """A section as one request sees it; `count` is None where nothing is counted."""

    code: str
    section: Section
    url: str
    is_current: bool
    count: int | None
    is_asking: bool


sections: Registry[Section] = Registry("navigation")


def sections_for(request: HttpRequest) -> list[tuple[str, Section]]:
    """The entries that this user may see, in order, with their codes."""
    may = request.user.has_perm
    shown = [
        (code, section)
        for code, section in sections.items()
        if not section.permissions or any(may(permission) for permission in section.permissions)
    ]
    return sorted(shown, key=lambda entry: entry[1].position)


def entries_for(request: HttpRequest) -> list[Entry]:
    """The sections that this user may see, with their figures; the current one has the longest prefix that fits."""
    shown = sections_for(request)
    current = current_section(request.path, dict(shown))
    return [_entry(request, code, section, code == current) for code, section in shown]


def current_section(path: str, among: dict[str, Section]) -> str:
    """The code of the section that a path belongs to: its own page, or the longest of its prefixes; "" for none."""
    root = reverse("admin:index")
    here = path.removeprefix(root)
    fits = {code: _fit(section, path, here) for code, section in among.items()}
    best = max(fits, key=lambda code: fits[code], default="")
    return best if fits.get(best) else ""


def _fit(section: Section, path: str, here: str) -> int:
    if path == section.url:
        return len(path) + 1
    return max((len(prefix) for prefix in section.prefixes if here.startswith(prefix)), default=0)


def _entry(request: HttpRequest, code: str, section: Section, is_current: bool) -> Entry:
    figure, is_asking = section.count(request) or (None, False)
    return Entry(code, section, section.url, is_current, figure, is_asking)
