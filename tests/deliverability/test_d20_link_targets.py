"""D20: a rewritten link leads where the link of the content led; what is no link to track stays as it was."""

from __future__ import annotations

import re
from html import escape
from itertools import product
from urllib.parse import urlsplit

import pytest
from django.test import Client

from deliveries.content.links import click_url, compile_content
from deliveries.models import TrackedUrl
from tests.deliverability.browser_urls import hrefs
from tests.factories import make_recipient
from tests.payloads import payloads
from tests.tracking.factories import make_message

pytestmark = pytest.mark.django_db
ORIGINS = [
    "https://shop.example.com",
    "HTTP://Shop.Example.COM",
    "https://shop.example.com:8443",
    "https://bücher.example",
    "https://xn--bcher-kva.example",
    "http://127.0.0.1",
]
PATHS = [
    "",
    "/",
    "/a/b.html",
    "/é/日本",
    "/%C3%A9/%e2%82%ac",
    "/a b/c",
    "/a//b/./c/../d",
    "/p;v=1,2/x=y@z:1",
    "/100%/%zz/[x]",
    "/it's/(a)/!*~_-.",
    '/a\\b|c^d`e"f',
]
ENDINGS = [
    "",
    "?a=1&b=2",
    "?q=été&r=a+b%20c",
    "?u=https://other.example/x?y=1",
    "?a=%26%3D%23&b[]=1&c={x}",
    "#part",
    "?x=1#é/?y",
    "?&&=&a&copy=1&lt=2",
    "?a=b\\c|d^e`f\"g'h",
]
# Every origin with every path, and every path with every ending.
CASES = list(
    dict.fromkeys(
        [
            ORIGINS[number] + path + ENDINGS[(number + place) % len(ENDINGS)]
            for number, place, path in (
                (number, place, path) for number in range(len(ORIGINS)) for place, path in enumerate(PATHS)
            )
        ]
        + [
            ORIGINS[(place + number) % len(ORIGINS)] + path + ending
            for (place, path), (number, ending) in product(enumerate(PATHS), enumerate(ENDINGS))
        ]
    )
)


def test_d20_every_link_leads_where_a_browser_would_have_gone() -> None:
    html = "".join(f'<a href="{escape(url)}">x</a>' for url in CASES)
    followed = followed_links(html)

    assert len(followed) == len(CASES) > 110
    assert hrefs([target for _url, target in followed]) == hrefs([url for url, _target in followed])
    assert [url for url, _target in followed] == CASES
    for _url, target in followed:
        assert target.isascii() and target.isprintable() and " " not in target


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://shop.example.com/?a=1&amp;b=2", "https://shop.example.com/?a=1&b=2"),
        ("https://shop.example.com/?a=1&b=2", "https://shop.example.com/?a=1&b=2"),
        ("https://shop.example.com/caf&eacute;&#x2F;x", "https://shop.example.com/caf%C3%A9/x"),
        ("  https://shop.example.com/a\n/b\t/c ", "https://shop.example.com/a/b/c"),
        ("https://shop.example.com/&quot;q&quot;", "https://shop.example.com/%22q%22"),
    ],
)
def test_d20_the_markup_around_an_address_is_read_as_browsers_read_it(written: str, meant: str) -> None:
    ((_url, target),) = followed_links(f'<a href="{written}">x</a>')

    assert hrefs([target]) == [meant]


def test_d20_redirects_of_the_corpus_that_are_tracked_keep_their_target_and_the_others_stay() -> None:
    given = list(dict.fromkeys(text for text in payloads("open-redirect") if text.isprintable() and "{" not in text))
    pieces = [f'<a href="{escape(text)}">x</a>' for text in given]
    compiled = compile_content(html="".join(pieces), text="x", tracking=True)
    followed = followed_links("".join(pieces))

    tracked = [link.url for link in compiled.links if link.kind == TrackedUrl.Kind.CLICK]
    assert tracked and [url for url, _target in followed] == tracked
    assert hrefs([target for _url, target in followed]) == hrefs(tracked)
    assert all(piece in compiled.html for piece, text in zip(pieces, given, strict=True) if text.strip() not in tracked)


UNTOUCHED = [
    '<a href="mailto:care@example.com?subject=a&amp;body=b">m</a>',
    '<a href="tel:+33100000000">t</a>',
    '<a href="sms:+33600000000?body=x">s</a>',
    '<a href="#top">up</a>',
    '<a name="top"></a>',
    '<a href="">nothing</a>',
    '<a href="{{ recipient.attributes.url }}">theirs</a>',
    '<a href="https://{{ recipient.attributes.host }}/x">their host</a>',
    '<a href="{{ message.unsubscribe_url }}">no more</a>',
    '<a href="{{ message.mirror_url }}">in a browser</a>',
    '<a href="{{ message.preferences_url }}">choose</a>',
    "<!--[if mso]><v:roundrect href=\"https://mso.example/\"><a href='https://mso.example/b'>x</a></v:roundrect><![endif]-->",
    '<!--[if !mso]><!-- --><span title="https://span.example/">y</span><!--<![endif]-->',
    '<link href="https://style.example/a.css" rel="stylesheet"><img src="https://img.example/a.png" alt="">',
    '<style>a { background: url("https://style.example/b.png") }</style>',
]


@pytest.mark.parametrize("piece", UNTOUCHED)
def test_d20_what_is_no_link_of_the_web_keeps_every_byte(piece: str) -> None:
    html = f'<p>{piece}</p><a href="https://shop.example.com/">tracked</a>'
    compiled = compile_content(html=html, text="x", tracking=True)

    assert piece in compiled.html
    assert [link.url for link in compiled.links if link.kind == TrackedUrl.Kind.CLICK] == ["https://shop.example.com/"]


def followed_links(html: str) -> list[tuple[str, str]]:
    """Each tracked link of a mail with this content, in order: its address, and where a click on it leads."""
    message = make_message(make_recipient(), html=html, text="x")
    version = message.preparation.content_version
    assert version is not None
    found = []
    for link in version.tracked_urls.filter(kind=TrackedUrl.Kind.CLICK).order_by("number"):
        response = Client().get(urlsplit(click_url(message.pk, link.number)).path)
        assert response.status_code == 302, link.url
        found.append((link.url, response.headers["Location"]))
    assert len(re.findall(r"_links\[\d+\]", version.compiled_html)) >= len(found)
    return found
