"""Free texts and documents in which a person is named: the name goes, the rest stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db.models import JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from recipients.erasure.person import Person

ERASED = "…"


def erase_mentions(rows: QuerySet[Any], person: Person, *fields: str) -> int:
    """Take the person out of these fields of every row that names them; return how many did. Not for volume tables."""
    if not person.texts:
        return 0
    clean = cleaner(person)
    model: type[Model] = rows.model
    found = _naming(rows, person, fields).order_by().only("pk", *fields)
    changed = 0
    for row in found.iterator():
        changes = {field: clean(getattr(row, field)) for field in fields}
        changed += model._default_manager.filter(pk=row.pk).update(**changes)
    return changed


def _naming(rows: QuerySet[Any], person: Person, fields: Iterable[str]) -> QuerySet[Any]:
    names = Q()
    for field in fields:
        rows = rows.alias(**{f"text_of_{field}": Cast(field, TextField())})
        for text in _spellings(person, isinstance(rows.model._meta.get_field(field), JSONField)):
            names |= Q(**{f"text_of_{field}__icontains": text})
    return rows.filter(names)


def _spellings(person: Person, is_document: bool) -> set[str]:
    """A document may hold letters beyond ASCII as escapes."""
    escaped = {json.dumps(text)[1:-1] for text in person.texts} if is_document else set()
    return escaped | set(person.texts)


def cleaner(person: Person) -> Callable[[Any], Any]:
    """Takes the person out of a text or of a document of any depth, keys included."""
    pattern = re.compile("|".join(re.escape(text) for text in person.texts), re.IGNORECASE)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(ERASED, value)
        if isinstance(value, list):
            return [clean(each) for each in value]
        if isinstance(value, dict):
            return {clean(key): clean(each) for key, each in value.items()}
        return value

    return clean


def erase_lines(paths: Iterable[Path], person: Person) -> int:
    """Rewrite text files without the lines that name the person; return how many files did."""
    if not person.texts:
        return 0
    names = [text.casefold() for text in person.texts]
    return sum(_without_lines(path, names) for path in paths)


def _without_lines(path: Path, names: list[str]) -> bool:
    draft = path.with_name(f".{path.name}.erasing")
    dropped = False
    as_bytes: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    with path.open(**as_bytes) as source, draft.open("w", **as_bytes) as target:
        for line in source:
            names_them = any(name in line.casefold() for name in names)
            dropped |= names_them
            if not names_them:
                target.write(line)
    if not dropped:
        draft.unlink()
        return False
    draft.chmod(path.stat().st_mode)
    draft.replace(path)
    return True
