from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from common.errors import IllegalState
from installation.api.idempotency import IdempotentMixin
from installation.idempotency import Answer, IdempotencyInProgress, IdempotencyMismatch, begin, finish
from installation.models import IdempotencyKey, Option

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user = User.objects.create_user("alice")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="installation"))
    return user


def take(user: User, now: datetime, *, key: str = "k", fingerprint: str = "a" * 64) -> Answer | None:
    return begin(user_id=user.pk, key=key, fingerprint=fingerprint, now=now)


def test_an_answer_is_given_again(user: User, now: datetime) -> None:
    assert take(user, now) is None
    finish(user_id=user.pk, key="k", answer=Answer(201, {"id": 1}))

    assert take(user, now) == Answer(201, {"id": 1})


def test_another_request_with_the_key_is_refused(user: User, now: datetime) -> None:
    take(user, now)

    with pytest.raises(IdempotencyMismatch):
        take(user, now, fingerprint="b" * 64)


def test_a_request_at_work_is_not_repeated_until_it_is_given_up(user: User, now: datetime) -> None:
    take(user, now)

    with pytest.raises(IdempotencyInProgress):
        take(user, now + timedelta(minutes=4))

    assert take(user, now + timedelta(minutes=6)) is None


def test_a_key_is_forgotten_after_a_day(user: User, now: datetime) -> None:
    take(user, now)
    finish(user_id=user.pk, key="k", answer=Answer(200, None))

    assert take(user, now + timedelta(days=1, seconds=1), fingerprint="b" * 64) is None


def test_two_users_may_choose_the_same_key(user: User, now: datetime) -> None:
    take(user, now)

    assert take(User.objects.create_user("bob"), now) is None


class Counter(IdempotentMixin, viewsets.GenericViewSet[Option]):
    """Counts its calls; the body says how a call ends."""

    queryset = Option.objects.all()
    calls = 0

    def create(self, request: Request) -> Response:
        type(self).calls += 1
        body: Any = request.data
        if body.get("end") == "refused":
            raise IllegalState("No.")
        if body.get("end") == "crash":
            raise RuntimeError("broken")
        return Response({"call": type(self).calls}, status=201)


@pytest.fixture(autouse=True)
def no_calls() -> None:
    Counter.calls = 0


def post(user: User, body: dict[str, Any], key: str | None = "k") -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = APIRequestFactory().post("/counter/", body, format="json", headers=headers)
    force_authenticate(request, user)
    response: Response = Counter.as_view({"post": "create"})(request)
    return response


def test_a_repeated_post_acts_once_and_answers_the_same(user: User) -> None:
    first, second = post(user, {"end": "well"}), post(user, {"end": "well"})

    assert (first.status_code, first.data) == (second.status_code, second.data) == (201, {"call": 1})
    assert second.headers["Idempotency-Replayed"] == "true"


def test_without_a_key_every_post_acts(user: User) -> None:
    assert [post(user, {}, key=None).data for _ in range(2)] == [{"call": 1}, {"call": 2}]


def test_another_body_with_the_key_is_a_422(user: User) -> None:
    post(user, {"end": "well"})

    response = post(user, {"end": "otherwise"})

    assert (response.status_code, response.data["code"]) == (422, "idempotency_mismatch")
    assert Counter.calls == 1


def test_a_key_in_use_is_a_409(user: User) -> None:
    post(user, {})
    IdempotencyKey.objects.update(status=None)

    response = post(user, {})

    assert (response.status_code, response.data["code"]) == (409, "idempotency_in_progress")


def test_a_refusal_is_an_answer_too(user: User) -> None:
    first, second = post(user, {"end": "refused"}), post(user, {"end": "refused"})

    assert first.status_code == second.status_code == 409
    assert first.data == second.data
    assert Counter.calls == 1


def test_a_crash_gives_the_key_back(user: User) -> None:
    with pytest.raises(RuntimeError):
        post(user, {"end": "crash"})

    assert not IdempotencyKey.objects.exists()


def test_whoever_may_not_ask_is_shown_no_former_answer(user: User) -> None:
    post(user, {})
    user.user_permissions.clear()

    assert post(User.objects.get(pk=user.pk), {}).status_code == 403


def test_a_key_that_is_too_long_is_refused(user: User) -> None:
    response = post(user, {}, key="x" * 201)

    assert (response.status_code, response.data["code"]) == (400, "invalid_idempotency_key")
