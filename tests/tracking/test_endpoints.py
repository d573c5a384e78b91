"""The public pages, as mail programs, browsers and attackers ask for them."""

from __future__ import annotations

from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError
from django.test import Client

from common.mail_bodies import MAIL_BODY_POLICY
from common.tokens import sign
from deliveries.content import links
from deliveries.models import Broadlog, TrackedUrl
from recipients.models import Recipient, Service, Subscription
from tests.factories import make_recipient
from tests.payloads import payloads
from tests.tracking.factories import CRAWLER, FIREFOX, NOW, make_message
from tracking import endpoints
from tracking.models import DeliveryMark, HitKind, TrackingLog

pytestmark = pytest.mark.django_db
# The pages themselves must ask for no token of Django's: the one in the address is the authority.
browser = Client(headers={"user-agent": FIREFOX}, enforce_csrf_checks=True)


def path_of(url: str) -> str:
    return urlsplit(url).path


@pytest.fixture
def recipient() -> Recipient:
    return make_recipient(1, first_name="Zoé & <b>", language="fr", attributes={"code": "a/b?c&d"})


@pytest.fixture
def message(recipient: Recipient) -> Broadlog:
    html = (
        '<p>Bonjour {{ recipient.first_name }}</p><a href="https://shop.example.com/offer?a=1&amp;b=é">x</a>'
        '<a href="https://shop.example.com/u/{{ recipient.attributes.code }}'
        '?n={{ recipient.first_name|urlencode }}">y</a>'
        '<a href="{{ message.mirror_url }}">m</a><a href="{{ message.unsubscribe_url }}">u</a>'
    )
    return make_message(recipient, html=html)


def test_the_pixel_is_always_the_same_picture_and_a_good_token_leaves_one_hit(message: Broadlog) -> None:
    good = browser.get(path_of(links.open_url(message.pk)))
    forged = browser.get("/t/o/" + sign(links.CLICK, message.pk) + ".gif")
    absent = browser.get(path_of(links.open_url(message.pk + 1)))

    assert good.content == forged.content == absent.content and good.content.startswith(b"GIF89a")
    assert (good.status_code, good.headers["Content-Type"]) == (200, "image/gif")
    assert "no-store" in good.headers["Cache-Control"]
    hit = TrackingLog.objects.get()
    assert (hit.kind, hit.verdict, hit.broadlog, hit.recipient) == ("open", "human", message, message.recipient)
    assert DeliveryMark.objects.filter(delivery=message.delivery).exists()


def test_the_pixel_is_served_even_when_the_database_fails(message: Broadlog) -> None:
    with mock.patch.object(endpoints, "record_hit", side_effect=DatabaseError):
        assert browser.get(path_of(links.open_url(message.pk))).status_code == 200


def test_a_click_leads_to_the_stored_link_and_leaves_one_hit(message: Broadlog) -> None:
    response = browser.get(path_of(links.click_url(message.pk, 1)))

    assert (response.status_code, response.headers["Location"]) == (302, "https://shop.example.com/offer?a=1&b=%C3%A9")
    hit = TrackingLog.objects.get()
    assert hit.kind == "click" and hit.tracked_url is not None and hit.tracked_url.number == 1


def test_a_personalised_link_is_filled_with_encoded_values_at_click_time(message: Broadlog) -> None:
    response = browser.get(path_of(links.click_url(message.pk, 2)))

    expected = "https://shop.example.com/u/a%2Fb%3Fc%26d?n=Zo%C3%A9%20%26%20%3Cb%3E"
    assert response.headers["Location"] == expected


@pytest.mark.parametrize("payload", payloads("open-redirect"))
def test_no_redirect_payload_leaves_the_stored_host(payload: str) -> None:
    recipient = make_recipient(1, attributes={"next": payload})
    html = '<a href="https://shop.example.com/{{ recipient.attributes.next }}">x</a>'
    message = make_message(recipient, html=html)
    address = path_of(links.click_url(message.pk, 1))

    by_data = browser.get(address)
    by_query = browser.get(address, {"url": payload, "next": payload, "p1": payload})
    by_path = browser.get(f"{address}/{payload.lstrip('/')}".replace("#", "%23").replace("?", "%3F"))

    for response in (by_data, by_query):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("https://shop.example.com/")
        assert urlsplit(response.headers["Location"]).netloc == "shop.example.com"
    assert by_path.status_code == 404


def test_wrong_tokens_are_answered_alike_and_do_nothing(message: Broadlog) -> None:
    token = sign(links.UNSUBSCRIBE, message.pk)
    flipped = token[:-1] + ("A" if token[-1] != "A" else "E")
    wrong = [flipped, token[:-4], token + "AAAA", "x", "é", sign(links.MIRROR, message.pk), sign(4, message.pk + 1)]
    bodies = set()

    for kind in ("c", "m", "u", "p"):
        for text in wrong if kind == "u" else wrong[:5]:
            for response in (browser.get(f"/t/{kind}/{text}"), browser.post(f"/t/{kind}/{text}")):
                assert response.status_code in ((404,) if kind in "up" else (404, 405))
                bodies.add(response.content)

    assert len(bodies - {b""}) == 1
    assert not TrackingLog.objects.exists()
    assert not Recipient.objects.get().denylist_email


def test_a_link_number_that_the_content_lacks_leads_nowhere(message: Broadlog) -> None:
    other = make_message(make_recipient(2), html='<a href="https://other.example.com/">x</a>')
    number = TrackedUrl.objects.count() + 1

    assert browser.get(path_of(links.click_url(message.pk, number))).status_code == 404
    assert browser.get(path_of(links.click_url(message.pk, 3))).status_code == 404
    assert browser.get(path_of(links.click_url(other.pk, 2))).status_code == 404


def test_head_is_answered_and_counts_as_a_machine(message: Broadlog) -> None:
    response = browser.head(path_of(links.click_url(message.pk, 1)))

    assert response.status_code == 302
    assert TrackingLog.objects.get().verdict == "scanner"


def test_a_prefetch_and_a_crawler_are_told_apart(message: Broadlog) -> None:
    address = path_of(links.click_url(message.pk, 1))

    browser.get(address, headers={"sec-purpose": "prefetch;prerender"})
    browser.get(address, headers={"user-agent": CRAWLER})
    browser.get(address, headers={"user-agent": ""})

    assert list(TrackingLog.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "prefetch",
        "scanner",
        "unknown",
    ]


def test_what_a_visitor_calls_itself_is_kept_on_one_line(message: Broadlog) -> None:
    browser.get(path_of(links.open_url(message.pk)), headers={"user-agent": "a\x00b\x1b[31m" + "x" * 900})

    kept = TrackingLog.objects.get().user_agent
    assert kept.startswith("a b [31m") and len(kept) == 500


def test_the_mirror_page_shows_the_message_as_sent_with_tracked_links_and_its_own_policy(message: Broadlog) -> None:
    message.delivery.html = "<p>changed later</p>"
    message.delivery.save()

    response = browser.get(path_of(links.mirror_url(message.pk)))

    body = response.content.decode()
    assert "Bonjour Zoé &amp; &lt;b&gt;" in body and "changed later" not in body
    bar, _separator, mail = body.partition("</div>")
    assert links.preferences_url(message.pk) in bar and "Bonjour" in mail
    assert links.click_url(message.pk, 1) in body and links.unsubscribe_url(message.pk) in body
    assert "/t/o/" not in body
    assert response.headers["Content-Security-Policy"] == MAIL_BODY_POLICY
    assert TrackingLog.objects.get().kind == HitKind.MIRROR


def test_the_mirror_page_of_a_text_message_is_text() -> None:
    message = make_message(make_recipient(), html="", text="<script>alert(1)</script> {{ recipient.first_name }}")

    response = browser.get(path_of(links.mirror_url(message.pk)))

    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.content.decode() == "<script>alert(1)</script> First1"


def test_asking_for_the_unsubscription_page_never_unsubscribes(message: Broadlog) -> None:
    address = path_of(links.unsubscribe_url(message.pk))

    page = browser.get(address)
    for ask in (browser.head, browser.options, browser.put, browser.delete, browser.patch):
        ask(address)

    assert page.status_code == 200 and 'method="post"' in page.content.decode()
    assert "script" not in page.content.decode()
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Language"] == "fr"
    assert not Recipient.objects.get().denylist_email and not TrackingLog.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": b"", "content_type": "text/plain"},
    ],
)
def test_one_click_acts_once_whatever_its_encoding(message: Broadlog, body: dict[str, object]) -> None:
    address = path_of(links.unsubscribe_url(message.pk))

    answers = [browser.post(address, **body) for _ in range(2)]  # type: ignore[arg-type]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert Recipient.objects.get().denylist_email
    assert TrackingLog.objects.filter(kind="unsubscribe").count() == 2
    assert not answers[0].cookies


def test_unsubscription_leaves_the_service_of_the_delivery_only(recipient: Recipient) -> None:
    news, other = Service.objects.create(label="News"), Service.objects.create(label="Other")
    for service in (news, other):
        Subscription.objects.create(service=service, recipient=recipient, created_at=NOW)
    message = make_message(recipient, service=news)

    response = browser.post(path_of(links.unsubscribe_url(message.pk)))

    assert "News" in response.content.decode()
    assert [row.service for row in Subscription.objects.all()] == [other]
    assert not Recipient.objects.get().denylist_email


def test_an_unsubscription_by_mistake_is_undone_from_the_page_that_tells_it(recipient: Recipient) -> None:
    news, other = Service.objects.create(label="News"), Service.objects.create(label="Other")
    Subscription.objects.create(service=news, recipient=recipient, created_at=NOW)
    message = make_message(recipient, service=news)

    told = browser.post(path_of(links.unsubscribe_url(message.pk))).content.decode()
    again = browser.post(path_of(links.preferences_url(message.pk)), {"again": "1"}).content.decode()

    assert 'name="again"' in told and links.preferences_url(message.pk) in told
    assert [row.service for row in Subscription.objects.all()] == [news]
    assert f'value="{news.pk}" checked' in again and f'value="{other.pk}">' in again


def test_an_unsubscription_that_the_database_refuses_is_said_and_half_of_nothing_is_kept(message: Broadlog) -> None:
    with mock.patch("tracking.events.unsubscribed.add_to_denylist", side_effect=DatabaseError):
        response = browser.post(path_of(links.unsubscribe_url(message.pk)))

    assert response.status_code == 503
    assert not TrackingLog.objects.exists()


def test_unsubscribing_from_a_proof_to_a_bare_address_touches_nobody() -> None:
    message = make_message(None)

    assert browser.post(path_of(links.unsubscribe_url(message.pk))).status_code == 200
    assert browser.get(path_of(links.mirror_url(message.pk))).status_code == 200
    assert browser.get(path_of(links.preferences_url(message.pk))).status_code == 404


def test_preferences_show_what_is_and_save_what_is_wanted(message: Broadlog, recipient: Recipient) -> None:
    news, other = Service.objects.create(label="<News>"), Service.objects.create(label="Other")
    Subscription.objects.create(service=news, recipient=recipient, created_at=NOW)
    address = path_of(links.preferences_url(message.pk))

    shown = browser.get(address).content.decode()
    saved = browser.post(address, {"service": [str(other.pk), "999999", "x", "9" * 30]})

    assert f'value="{news.pk}" checked' in shown and f'value="{other.pk}">' in shown
    assert "&lt;News&gt;" in shown and recipient.email not in shown and "p…1@example.com" in shown
    assert saved.status_code == 200
    assert [row.service for row in Subscription.objects.all()] == [other]


def test_stop_everything_denies_the_channel_and_keeps_subscriptions(message: Broadlog, recipient: Recipient) -> None:
    news = Service.objects.create(label="News")
    Subscription.objects.create(service=news, recipient=recipient, created_at=NOW)

    browser.post(path_of(links.preferences_url(message.pk)), {"stop": "1"})

    assert Recipient.objects.get().denylist_email
    assert Subscription.objects.count() == 1
