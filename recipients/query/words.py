"""A filter read back as one plain sentence: “Recipients whose country is “FR” and who clicked a delivery.”

Every node becomes a clause that can go on after “recipients”; groups join clauses, and what an `all` group denies comes
last, as an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recipients.criteria import related_models
from recipients.filters.behaviours import behaviour_words, scopes
from recipients.filters.references import LISTS, SAVED, SERVICES, labels
from recipients.models import Recipient
from recipients.query.comparisons_in_words import comparison_in_words, kind_of_field, predicate_in_words
from recipients.query.names import Names
from recipients.query.values_in_words import joined, moment_in_words, number, value_in_words

Model = type[models.Model]
AGGREGATES = ("sum", "max", "min", "avg")


def words(document: Any) -> str:
    """One sentence in the active language. The document must be a valid filter."""
    return _Reader(Names(document)).sentence(document)


class _Reader:
    def __init__(self, names: Names) -> None:
        self.names = names

    def sentence(self, document: dict[str, Any]) -> str:
        if document == {"everyone": True}:
            return _("All recipients.")
        if _exceptions_only(document):
            return _("All recipients, %(exceptions)s.") % {"exceptions": self._exceptions(document, Recipient)}
        return _("Recipients %(clause)s.") % {"clause": self.clause(document, Recipient, top=True)}

    def clause(self, node: dict[str, Any], model: Model, *, top: bool = False) -> str:
        """`top`: no brackets around a group."""
        if "all" in node:
            return _bracketed(self._all(node["all"], model), alone=top or len(node["all"]) == 1)
        if "any" in node:
            clauses = [self.clause(item, model) for item in node["any"]]
            return _bracketed(_together(clauses, _("or")), alone=top or len(clauses) == 1)
        if "not" in node:
            return _("who are not among those %(clause)s") % {"clause": self.clause(node["not"], model)}
        if "everyone" in node:
            return _("of any kind")
        if "field" in node:
            return comparison_in_words(node, model, self.names)
        return self._leaf(node)

    def _all(self, nodes: list[Any], model: Model) -> str:
        asked = [node for node in nodes if "not" not in node]
        denied = [node for node in nodes if "not" in node]
        clauses = [self.clause(node, model) for node in asked] or [_("of any kind")]
        exceptions = self._exceptions({"all": denied}, model) if denied else ""
        return ", ".join(part for part in (_together(clauses, _("and")), exceptions) if part)

    def _exceptions(self, node: dict[str, Any], model: Model) -> str:
        denied = node.get("all", [node])
        template = _("except those %(clause)s")
        clauses = [template % {"clause": self.clause(item["not"], model)} for item in denied]
        return _together(clauses, _("and"))

    def _leaf(self, node: dict[str, Any]) -> str:
        readers: dict[str, Callable[[dict[str, Any]], str]] = {
            "related": self._related,
            LISTS: self._in_list,
            SERVICES: self._subscribed_to,
            "delivery": self._behaviour,
            SAVED: self._saved,
        }
        return next(read(node) for key, read in readers.items() if key in node)

    def _in_list(self, node: dict[str, Any]) -> str:
        return _("in the list %(list)s") % {"list": self._named(LISTS, node[LISTS])}

    def _subscribed_to(self, node: dict[str, Any]) -> str:
        return _("subscribed to %(service)s") % {"service": self._named(SERVICES, node[SERVICES])}

    def _named(self, kind: str, value: Any) -> str:
        if isinstance(value, dict):
            return value_in_words(value)
        return _("“%(text)s”") % {"text": self.names.label(kind, value)}

    def _behaviour(self, node: dict[str, Any]) -> str:
        code = node["delivery"]
        template = str(behaviour_words.get(code).clause) if code in behaviour_words else _("of %(what)s") + f" ({code})"
        clause = template % {"what": self._deliveries(node.get("of"))}
        days = node.get("days")
        if days is None:
            return clause
        if not isinstance(days, int):
            return clause + " " + _("in the last %(days)s days") % {"days": value_in_words(days)}
        return (
            clause + " " + ngettext("in the last %(count)d day", "in the last %(count)d days", days) % {"count": days}
        )

    def _deliveries(self, of: dict[str, Any] | None) -> str:
        if not of:
            return _("a delivery")
        code, value = next(iter(of.items()))
        if code not in scopes:
            return f"{code} {self._named(code, value)}"
        return str(scopes.get(code).what) % {"label": self._named(code, value)}

    def _saved(self, node: dict[str, Any]) -> str:
        text = _("who match the saved filter %(label)s") % {"label": self._named(SAVED, node[SAVED])}
        given = node.get("with") or {}
        row = self.names.saved_filter(node[SAVED]) if given else None
        shown = {entry["name"]: entry.get("label") or entry["name"] for entry in row.parameters} if row else {}
        values = [
            _("%(name)s: %(value)s") % {"name": shown.get(name, name), "value": self._parameter(row, name, value)}
            for name, value in given.items()
        ]
        return f"{text} ({', '.join(values)})" if values else text

    def _parameter(self, row: Any, name: str, value: Any) -> str:
        kinds = {entry["name"]: entry.get("kind") for entry in row.parameters} if row else {}
        kind = {"list": LISTS, "service": SERVICES}.get(kinds.get(name) or "")
        if kind is not None and isinstance(value, int):
            label = labels(kind, {value}).get(value)
            return _("“%(text)s”") % {"text": label} if label else self._named(kind, value)
        return moment_in_words(value) if kinds.get(name) == "date" else value_in_words(value)

    def _related(self, node: dict[str, Any]) -> str:
        related = related_models.get(node["related"])
        rows = _("“%(text)s”") % {"text": related.label}
        if "where" in node:
            rows = f"{rows} ({self.clause(node['where'], related.model, top=True)})"
        aggregate = next((name for name in AGGREGATES if name in node), None)
        if aggregate:
            return self._aggregate(aggregate, node[aggregate], rows, related.model)
        return _("with %(quantity)s %(rows)s") % {"quantity": _quantity(node.get("count", 1)), "rows": rows}

    def _aggregate(self, name: str, node: dict[str, Any], rows: str, model: Model) -> str:
        kind = kind_of_field(node["field"], model, self.names)
        predicate = predicate_in_words(
            node["op"], kind, node, moment_in_words if name in ("max", "min") else value_in_words
        )
        what = {
            "sum": _("whose total of %(field)s over %(rows)s %(predicate)s"),
            "avg": _("whose average of %(field)s over %(rows)s %(predicate)s"),
            "max": _("whose highest %(field)s over %(rows)s %(predicate)s"),
            "min": _("whose lowest %(field)s over %(rows)s %(predicate)s"),
        }[name]
        return what % {"field": self.names.field(node["field"], model), "rows": rows, "predicate": predicate}


def _quantity(count: Any) -> str:
    node = count if isinstance(count, dict) and "op" in count else {"op": "gte", "value": count}
    value = node["value"]
    items = [number(item) if isinstance(item, int | float) else value_in_words(item) for item in _as_list(value)]
    phrases = {
        "equals": _("exactly %(value)s"),
        "not_equals": _("any number but %(value)s of"),
        "lt": _("fewer than %(value)s"),
        "lte": _("at most %(value)s"),
        "gt": _("more than %(value)s"),
        "gte": _("at least %(value)s"),
        "between": _("between %(value)s"),
    }
    return phrases[node["op"]] % {"value": joined(items, _("and"))}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _exceptions_only(document: dict[str, Any]) -> bool:
    nodes = document.get("all") if "all" in document else [document]
    return bool(nodes) and all("not" in node for node in nodes or [])


def _bracketed(text: str, *, alone: bool) -> str:
    return text if alone else f"({text})"


def _together(clauses: list[str], last: str) -> str:
    """All the clauses: none may be left out of a sentence that people check a filter by."""
    return clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} {last} {clauses[-1]}"
