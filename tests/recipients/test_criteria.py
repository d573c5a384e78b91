from __future__ import annotations

import pytest

from common.registry import DuplicateCode
from recipients import criteria
from recipients.models import Quarantine, RecipientListMember, Service, Subscription


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criteria.related_models, "_entries", dict(criteria.related_models._entries))


def test_a_model_is_registered_by_its_path_to_the_recipient() -> None:
    entry = criteria.register("memberships", model=RecipientListMember)
    longer = criteria.register("services", model=Service, path="subscriptions__recipient", label="Services")

    assert (entry.path, str(entry.label)) == ("recipient", "list members")
    assert str(longer.label) == "Services"
    assert criteria.related_models.get("services") is longer


def test_a_path_that_ends_elsewhere_is_refused() -> None:
    with pytest.raises(criteria.InvalidCriterion, match="does not lead to a recipient"):
        criteria.register("quarantine", model=Quarantine, path="address")
    with pytest.raises(criteria.InvalidCriterion):
        criteria.register("service", model=Subscription, path="service")


def test_a_name_is_registered_once() -> None:
    criteria.register("subscriptions", model=Subscription)
    with pytest.raises(DuplicateCode):
        criteria.register("subscriptions", model=Subscription)
