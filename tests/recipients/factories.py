"""Users with exactly the permissions that a test names."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient


def make_user(*codenames: str, name: str = "user", staff: bool = True) -> User:
    user = User.objects.create_user(name, password="secret", is_staff=staff)
    found = Permission.objects.filter(content_type__app_label="recipients", codename__in=codenames)
    assert len(found) == len(codenames), codenames
    user.user_permissions.set(found)
    return user


def client_with(*codenames: str) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user(*codenames, name=f"user{User.objects.count()}"))
    return client
