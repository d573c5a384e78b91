"""A Maildir on disk as a source, and what one visit to it does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from deliveries.inbound.processing import Drained
from deliveries.inbound.visits import visit
from deliveries.models.inbound import InboundSource


def make_box(root: Path, mails: Iterable[bytes] = ()) -> InboundSource:
    for name in ("tmp", "new", "cur"):
        (root / name).mkdir(parents=True)
    put(root, mails)
    return InboundSource.objects.create(label="Bounces", kind="maildir", url=f"maildir:{root}")


def put(root: Path, mails: Iterable[bytes]) -> None:
    start = len(list((root / "new").iterdir()))
    for number, raw in enumerate(mails, start):
        (root / "new" / f"{number:06d}.host").write_bytes(raw)


def left_in(root: Path) -> int:
    return sum(len(list((root / name).iterdir())) for name in ("new", "cur"))


def read_box(source: InboundSource, now: datetime, *, most: int | None = None) -> Drained:
    return visit([source], clock=lambda: now, most=most)[source.pk]
