"""Tags and filters of every template, available without `load`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.contrib.auth.models import AbstractUser
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import badges, figures
from common.navigation import Entry, entries_for

register = template.Library()

# A part of a bar that has something in it stays visible.
THINNEST = 0.35
# Beyond, a menu.
BUTTONS_SHOWN = 3


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite: decorative, or with a label that is read out."""
    href = f"{static('campaign_site/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="i" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="i" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def badge(state: Any, variant: str = "") -> SafeString:
    """The badge of a state (a member of a choices class, or a `Badge`); variants: plain, out."""
    look = state if isinstance(state, badges.Badge) else badges.badge(state)
    classes = " ".join(part for part in ("badge", f"t-{look.tone}", variant) if part)
    picture = icon(look.icon) if look.icon else ""
    return format_html('<span class="{}" title="{}">{}{}</span>', classes, look.title, picture, look.label)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[Entry]:
    """The entries of the sidebar for this request."""
    request = context.get("request")
    return entries_for(request) if request is not None else []


@register.simple_tag
def progress(
    total: int | None, ok: int = 0, bad: int = 0, doubt: int = 0, label: str = "", size: str = ""
) -> SafeString:
    """A bar of `total`: success, failed, in doubt, then what is left. `size`: s, l. `label` replaces the sentence."""
    parts = [("ok", ok or 0), ("bad", bad or 0), ("doubt", doubt or 0)]
    said = label or _("%(share)s processed: %(ok)s succeeded, %(bad)s failed, %(doubt)s in doubt, of %(total)s") % {
        "share": share(sum(count for _tone, count in parts), total),
        **{tone: number(count) for tone, count in parts},
        "total": number(total),
    }
    shapes = format_html_join(
        "", '<rect class="f-{}" x="{}%" width="{}%" height="100%"></rect>', bar_parts(total or 0, parts)
    )
    classes = " ".join(part for part in ("pbar", size) if part)
    return format_html('<svg class="{}" role="img" aria-label="{}" width="100%">{}</svg>', classes, said, shapes)


def bar_parts(total: int, parts: Iterable[tuple[str, int]]) -> list[tuple[str, str, str]]:
    """Tone, start and width (percent) of each part that is not empty."""
    start, placed = 0.0, []
    for tone, count in parts:
        if not count or total <= 0:
            continue
        width = min(max(100 * count / total, THINNEST), max(100 - start, 0))
        placed.append((tone, f"{start:.2f}", f"{width:.2f}"))
        start += width
    return placed


@register.simple_tag
def copyable(command: str) -> SafeString:
    """A command with the button that copies it."""
    return format_html(
        '<span class="copy"><code>{}</code><button type="button">{}{}</button></span>', command, icon("copy"), _("Copy")
    )


@register.inclusion_tag("admin/includes/empty.html")
def empty(title: str, text: str = "", icon: str = "inbox", url: str = "", button: str = "") -> dict[str, str]:
    """Nothing here: the fact, why or what next, and one way on."""
    return {"title": title, "text": text, "icon": icon, "url": url, "button": button}


@register.filter
def number(value: float | None) -> str:
    """A figure with the separators of the language; "–" where it is not known yet."""
    return figures.count(value)


@register.filter
def share(part: int | None, whole: int | None) -> str:
    """What percentage of `whole` is `part`."""
    return figures.NOT_KNOWN if part is None else figures.share_of(part, whole or 0)


@register.filter
def slugs(text: str) -> list[str]:
    """The words of a text, to go through them or to look one up."""
    return text.split()


@register.filter
def initials(user: AbstractUser) -> str:
    """Two letters for somebody: of first and last name, else of the login."""
    words = user.get_full_name().split() or [user.get_username()]
    return words[0][:1] + words[-1][:1] if len(words) > 1 else words[0][:2]


@register.filter
def parted(actions: Sequence[dict[str, Any]] | None) -> dict[str, list[dict[str, Any]]]:
    """Buttons of a page: at most three are shown, the primary one last; the others wait behind the "…"."""
    rest = list(actions or [])
    shown = [action for action in rest if not action.get("in_menu")][:BUTTONS_SHOWN]
    hidden = [action for action in rest if action not in shown]
    return {"shown": sorted(shown, key=lambda action: bool(action.get("is_primary"))), "hidden": hidden}
