"""The API token of a user: shown in full once, when it is made."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.authtoken.models import Token

SHOWN = 4


def masked_token(user: User) -> str:
    """ "…1a2b"; nothing where there is none."""
    key = Token.objects.filter(user=user).values_list("key", flat=True).first()
    return f"…{key[-SHOWN:]}" if key else ""


@transaction.atomic
def new_token(user: User) -> str:
    """Make a token; the one before stops working at once."""
    Token.objects.filter(user=user).delete()
    key: str = Token.objects.create(user=user).key
    return key
