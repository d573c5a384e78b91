"""Members of lists, added and replaced as sets: one statement, however many people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet, Value

from common.sql import insert_from_select
from recipients.models import Recipient, RecipientList, RecipientListMember


def append(*, recipient_list: RecipientList, rows: QuerySet[Any, Any]) -> int:
    """Add the people whose ids the queryset selects; return how many were not members."""
    people = Recipient.objects.filter(pk__in=rows).order_by()
    target = Value(recipient_list.pk, output_field=BigIntegerField())
    pairs = people.annotate(target=target).values_list("target", "pk")
    return insert_from_select(RecipientListMember, ["recipient_list", "recipient"], pairs, ignore_conflicts=True)


def replace(*, recipient_list: RecipientList, rows: QuerySet[Any, Any]) -> int:
    """Make these people, and nobody else, the members; return how many they are.

    What `rows` selects must not depend on who is in this list.
    """
    members = RecipientListMember.objects.filter(recipient_list=recipient_list)
    chosen = Recipient.objects.filter(pk=OuterRef("recipient_id"), pk__in=rows)
    with transaction.atomic():
        # Two replacements at once would each keep what the other adds.
        RecipientList.objects.select_for_update().get(pk=recipient_list.pk)
        members.filter(~Exists(chosen)).delete()
        append(recipient_list=recipient_list, rows=rows)
        return members.count()


def remove(*, recipient_list: RecipientList, recipient_ids: Iterable[int]) -> int:
    """Take people out of the list; return how many were in it."""
    members = RecipientListMember.objects.filter(recipient_list=recipient_list, recipient_id__in=list(recipient_ids))
    return members.delete()[0]
