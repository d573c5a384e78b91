"""DKIM keys by the service, the terminal, the API and the pages: the private part never shows."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from common.errors import Invalid, Refused
from deliveries.models import SigningKey
from deliveries.signing_keys import UnreadableKey, activate, create_key, signer_for, zone_line

pytestmark = pytest.mark.django_db


def make_key(domain: str = "example.com", **values: Any) -> SigningKey:
    return create_key(domain=domain, now=timezone.now(), **{"algorithm": "ed25519-sha256", **values})


def run(*words: str) -> str:
    output = StringIO()
    call_command("signing_key", *words, stdout=output)
    return output.getvalue()


def test_a_key_is_kept_encrypted_and_its_record_is_cut_into_strings() -> None:
    key = make_key("ExAmple.com.", algorithm=SigningKey.Algorithm.RSA, selector="s1")

    assert key.domain == "example.com" and not key.active
    assert "PRIVATE KEY" not in key.encrypted_private_key
    strings = zone_line(key).split('"')[1::2]
    assert zone_line(key).startswith("s1._domainkey.example.com. IN TXT ( ") and max(map(len, strings)) == 255
    assert "".join(strings) == f"v=DKIM1; k=rsa; p={key.public_key}"


def test_a_domain_that_is_none_or_a_selector_twice_is_refused() -> None:
    make_key(selector="one")

    with pytest.raises(Invalid):
        make_key("not a domain")
    with pytest.raises(Refused, match="another selector"):
        make_key(selector="one")


def test_the_new_key_signs_in_place_of_the_former_one_of_its_algorithm_only() -> None:
    first, second, rsa = make_key(selector="a"), make_key(selector="b"), make_key(selector="c", algorithm="rsa-sha256")
    for key in (first, rsa, second):
        activate(key)

    assert set(SigningKey.objects.filter(active=True)) == {second, rsa}


def test_a_key_of_a_lost_secret_is_named_in_a_sentence(settings: Settings) -> None:
    activate(make_key())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one", []

    with pytest.raises(UnreadableKey, match="another SECRET_KEY"):
        signer_for("mail.example.com")


def test_the_terminal_makes_lists_and_activates_a_key() -> None:
    made = run("create", "example.com", "--algorithm", "ed25519", "--selector", "s1")
    assert made.strip() == zone_line(SigningKey.objects.get())

    assert "does not sign" in run("list")
    run("activate", "example.com")

    (document,) = json.loads(run("list", "example.com", "--json"))
    assert document["active"] and "PRIVATE" not in json.dumps(document)


def test_the_terminal_asks_for_the_selector_when_there_are_several() -> None:
    make_key(selector="a"), make_key(selector="b")

    with pytest.raises(CommandError, match="a, b"):
        run("activate", "example.com")


def test_the_pages_make_a_key_show_its_record_and_put_it_to_work(admin_client: Client) -> None:
    data = {"domain": "example.com", "selector": "s1", "chosen_algorithm": "ed25519-sha256"}
    answer = admin_client.post("/admin/deliveries/signingkey/add/", data)
    assert answer.status_code == 302, answer.content.decode()
    key = SigningKey.objects.get()

    page = admin_client.get(f"/admin/deliveries/signingkey/{key.pk}/change/").content.decode()
    assert key.public_key in page.replace("&#x2B;", "+") and key.encrypted_private_key not in page

    admin_client.post(f"/admin/deliveries/signingkey/{key.pk}/do/activate/")
    key.refresh_from_db()
    assert key.active


def test_who_may_only_look_puts_no_key_to_work(client: Client) -> None:
    user = User.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_signingkey"))
    client.force_login(user)
    key = make_key()

    assert client.post(f"/admin/deliveries/signingkey/{key.pk}/do/activate/").status_code == 403
    key.refresh_from_db()
    assert not key.active


def test_the_api_makes_and_activates_a_key_and_never_tells_its_private_part(admin_client: Client) -> None:
    made = admin_client.post("/api/v1/signing-keys/", {"domain": "example.com"}, "application/json").json()
    answer = admin_client.post(f"/api/v1/signing-keys/{made['id']}/activate/").json()

    assert answer["active"] and answer["dns_value"].startswith("v=DKIM1; k=rsa; p=")
    assert not [name for name in answer if "private" in name]
