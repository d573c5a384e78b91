"""Links: which are tracked, how they are numbered, and where the pixel goes."""

from __future__ import annotations

import pytest

from common.tokens import InvalidToken, verify
from deliveries.content import links
from deliveries.content.links import compile_content
from deliveries.models import TrackedUrl


def compiled(html: str = "", text: str = "x", tracking: bool = True) -> links.CompiledContent:
    return compile_content(html=html, text=text, tracking=tracking)


def urls(content: links.CompiledContent) -> list[tuple[int, str, str]]:
    return [(link.number, link.url, link.kind) for link in content.links]


def test_links_are_numbered_in_order_and_one_url_has_one_number() -> None:
    content = compiled(
        "<a href=\"https://a.example/?x=1&amp;y=2\"><b>First</b> one</a><A HREF='http://b.example'>b</A>"
        '<map><area href=https://c.example/z></map><a href=" https://a.example/?x=1&y=2 ">again</a>'
    )

    assert urls(content) == [
        (1, "https://a.example/?x=1&y=2", "click"),
        (2, "http://b.example", "click"),
        (3, "https://c.example/z", "click"),
    ]
    assert content.links[0].label == "again" or content.links[0].label == "First one"
    assert content.html.count("{{ _links[1]|safe }}") == 2


@pytest.mark.parametrize(
    "href",
    [
        "mailto:a@example.com",
        "tel:+33100000000",
        "#top",
        "/relative",
        "",
        "ftp://a.example/",
        "javascript:alert(1)",
        "{{ recipient.attributes.url }}",
        "https://{{ recipient.attributes.host }}/x",
        "https://shop{{ recipient.attributes.host }}/x",
        "https://shop.example{{ recipient.attributes.path }}",
        "https://",
        "{{ message.preferences_url }}",
    ],
)
def test_what_is_no_web_link_with_a_fixed_host_stays_untouched(href: str) -> None:
    html = f'<a class="x" href="{href}">label</a>'

    content = compiled(html)

    assert content.html.startswith(html)
    assert content.links == ()


def test_the_rest_of_the_markup_keeps_every_byte() -> None:
    html = (
        "<!DOCTYPE html>\n<!--[if mso]><a href='https://mso.example/'>x</a><![endif]-->\n"
        "<style>a { color: red }</style><A Title='>' hReF='https://a.example/'\n id=x>é &eacute;</A>\n</BODY >"
    )

    content = compiled(html)

    expected = html.replace("hReF='https://a.example/'", 'href="{{ _links[1]|safe }}"')
    assert content.html.replace(links._PIXEL, "") == expected
    assert len(content.links) == 1


def test_personalisation_after_the_host_is_kept_for_click_time() -> None:
    content = compiled('<a href="https://a.example/u/{{ recipient.id }}?n={{ recipient.first_name }}">x</a>')

    assert urls(content) == [(1, "https://a.example/u/{{ recipient.id }}?n={{ recipient.first_name }}", "click")]


def test_the_mirror_page_and_the_unsubscription_are_links_of_their_own_kind() -> None:
    html = '<a href="{{ message.mirror_url }}">a</a><a href="{{ message.unsubscribe_url }}">b</a>'

    content = compiled(html)

    assert [link.kind for link in content.links] == ["mirror", "unsubscribe"]
    assert content.html.startswith(html)


def test_the_pixel_goes_before_the_end_of_the_body_or_at_the_end() -> None:
    assert compiled("<body>a</body></html>").html == f"<body>a{links._PIXEL}</body></html>"
    assert compiled("<p>a</p>").html == f"<p>a</p>{links._PIXEL}"


def test_without_tracking_there_is_neither_pixel_nor_rewritten_link() -> None:
    html = '<a href="https://a.example/">a</a><a href="{{ message.unsubscribe_url }}">b</a>'

    content = compiled(html, "see https://a.example/", tracking=False)

    assert (content.html, content.text) == (html, "see https://a.example/")
    assert [link.kind for link in content.links] == ["unsubscribe"]


def test_addresses_in_the_text_are_links_too_without_their_punctuation() -> None:
    content = compiled(text="See https://a.example/x. Or (https://b.example/y_(z)), <https://c.example>!")

    assert [url for _number, url, _kind in urls(content)] == [
        "https://a.example/x",
        "https://b.example/y_(z)",
        "https://c.example",
    ]
    assert content.text == "See {{ _links[1]|safe }}. Or ({{ _links[2]|safe }}), <{{ _links[3]|safe }}>!"


def test_a_missing_text_is_derived_from_the_html_with_its_links_and_the_unsubscription() -> None:
    html = (
        "<head><style>p{}</style></head><h1>Hello&nbsp;{{ recipient.first_name }}</h1>"
        "<p>Caf&eacute; <a href='https://a.example/'>offer</a></p><ul><li>one<li>two</ul>"
        "{% if recipient.gender %}<p>x</p>{% endif %}"
    )

    text = compiled(html, "  ").text

    assert "Hello {{ recipient.first_name }}" in text
    assert "Café offer <{{ _links[1]|safe }}>" in text
    assert "- one\n- two" in text
    assert "{% if recipient.gender %}" in text and "p{}" not in text
    assert "{{ message.unsubscribe_url }}" in text


def test_encoded_braces_of_the_html_are_no_template_in_the_derived_text() -> None:
    text = compiled("<p>&#123;&#123; 7 &lcub;&percnt; if</p>", "").text

    assert "{{ 7" not in text and "{%" not in text.partition("--")[0]


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (links.open_url, links.OPEN),
        (lambda number: links.click_url(number, 3), links.CLICK),
        (links.mirror_url, links.MIRROR),
        (links.unsubscribe_url, links.UNSUBSCRIBE),
        (links.preferences_url, links.PREFERENCES),
    ],
)
def test_a_signed_address_names_its_message_for_one_purpose_only(build: object, kind: int) -> None:
    url = build(42)  # type: ignore[operator]
    token = url.rpartition("/")[2].removesuffix(".gif")

    assert url.startswith("http://localhost:8000/t/")
    assert verify(token, kind).row == 42
    with pytest.raises(InvalidToken):
        verify(token, kind % 5 + 1)


@pytest.mark.parametrize(
    ("kind", "url", "label", "words", "address"),
    [
        ("click", "https://a.example/?c={{ recipient.id|urlencode }}", "", "https://a.example/?c=‹recipient.id›", None),
        ("click", "https://a.example/shop", "{{ recipient.city }}", "‹recipient.city›", "https://a.example/shop"),
        ("mirror", "{{ message.mirror_url }}", "", "Mirror page", "Mirror page"),
        ("unsubscribe", "{{ message.unsubscribe_url }}", "Leave us", "Leave us", "Unsubscription"),
    ],
)
def test_a_link_is_read_without_template_language(
    kind: str, url: str, label: str, words: str, address: str | None
) -> None:
    link = TrackedUrl(kind=kind, url=url, label=label)

    assert link.words() == words
    assert link.address_in_words() == (address or words)
