"""Rendering in pieces against the engine's plain rendering of the same content, for any values."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.channels.email.mime import EmailRenderer
from deliveries.content.chunks import Chunks
from deliveries.content.links import MESSAGE_URLS, click_url, open_url
from deliveries.content.personalisation import Personaliser
from deliveries.content.versions import freeze
from deliveries.models import ContentVersion
from tests.deliveries.channels.email.test_mime import assert_correct_bytes, part
from tests.deliveries.content.factories import make_delivery, make_row

pytestmark = pytest.mark.django_db

HTML = """<html><body>
{# a comment -#}
   <p>{% if recipient.gender == "female" %}Chère{% elif recipient.gender %}Cher {{ recipient.gender|upper }}{% endif %}
 {{ recipient.first_name }}, {{- recipient.last_name -}} , {{ recipient.attributes.city }} {{ target.score }}
{% for item in recipient.attributes.bought %}. {{ loop.index }}: {{ item }} été = {{ item|title }}
{% else %}nothing{% endfor %}{{ delivery.label }}{{ "literal & é" }}{{ recipient.attributes.amount }}</p>
<p><a href="https://shop.example.com/a?b=1&amp;c={{ recipient.id }}">{{ recipient.first_name|lower }}</a>
{% if recipient.language == "fr" %}<a href="https://shop.example.com/fr">français</a>{% endif %}
<a href="{{ message.unsubscribe_url }}">x</a>{% if recipient.id %}{{ message.mirror_url }}{% endif %}</p>
. a line with a dot
</body></html>"""
TEXT = ".{{ recipient.first_name }}.\n..{{ recipient.attributes.city|default('nowhere') }} https://shop.example.com/t\n"
SUBJECT = "{{ recipient.first_name }} — {{ recipient.attributes.city|upper }}"
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=90)
ANY_VALUE = st.one_of(
    ANY_TEXT, st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)


def plainly(version: ContentVersion, about: dict[str, Any], row: Any, name: str) -> str:
    """The part by the engine alone, in the lines that a mail has."""
    sources = {"html": version.compiled_html, "text": version.compiled_text, "subject": version.subject}
    personaliser = Personaliser({name: sources[name]}, about)
    urls = {url: make(row.broadlog_id) for url, make in MESSAGE_URLS.items()}
    links = [click_url(row.broadlog_id, number) for number in range(9)]
    context = personaliser.context(row.recipient, urls, links, open_url(row.broadlog_id), added=row.added)
    return personaliser.render(name, context).replace("\r\n", "\n").replace("\r", "\n")


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.fixed_dictionaries(
        {
            "first_name": ANY_TEXT,
            "last_name": ANY_TEXT,
            "gender": st.sampled_from(["female", "", "x.y"]),
            "language": st.sampled_from(["fr", "en"]),
            "attributes": st.fixed_dictionaries(
                {"city": ANY_VALUE, "amount": ANY_VALUE, "bought": st.lists(ANY_TEXT, max_size=4)}
            ),
        }
    ),
    score=ANY_VALUE,
)
def test_each_part_reads_back_as_the_engine_renders_it_plainly(values: dict[str, Any], score: Any) -> None:
    delivery = make_delivery(html=HTML, text=TEXT, subject="{{ recipient.first_name }}", label="Été <1>")
    version = freeze(delivery)
    row = make_row(broadlog_id=9, **values)._replace(added={"score": score})

    content = EmailRenderer(delivery, version).render(row).content

    assert_correct_bytes(content)
    assert not any(line.startswith(b".") for line in content.split(b"\r\n"))
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    about = {"id": delivery.pk, "label": delivery.label}
    for kind, name in (("html", "html"), ("plain", "text")):
        assert part(parsed, kind).rstrip("\n") == plainly(version, about, row, name).rstrip("\n")


def test_a_subject_with_filters_is_rendered_by_the_engine() -> None:
    delivery = make_delivery(subject=SUBJECT, html="", text="x")
    row = make_row(first_name="Zoé", attributes={"city": "orléans"})

    parsed = message_from_bytes(EmailRenderer(delivery, freeze(delivery)).render(row).content, policy=policy.default)

    assert parsed["Subject"] == "Zoé — ORLÉANS"


def test_skip_inside_a_condition_sends_nothing_to_those_it_applies_to() -> None:
    delivery = make_delivery(html="", text="Hi{% if recipient.gender == 'male' %}{% skip %}{% endif %}")
    renderer = EmailRenderer(delivery, freeze(delivery))

    assert renderer.render(make_row(gender="female")).content
    with pytest.raises(NothingToSend):
        renderer.render(make_row(gender="male"))


def test_a_value_that_a_filter_refuses_fails_that_row_and_names_the_line() -> None:
    delivery = make_delivery(text="x", html="<p>\nx\n{{ recipient.attributes.address.city }}</p>")

    with pytest.raises(RenderingFailed, match=r"html, line 3.*city"):
        EmailRenderer(delivery, freeze(delivery)).render(make_row(attributes={}))


def test_a_content_of_megabytes_for_one_recipient_fails_that_row() -> None:
    loop = "{% for a in recipient.attributes.l %}" + "x" * 9_000 + "{% endfor %}"
    delivery = make_delivery(html="", text=loop * 3)

    with pytest.raises(RenderingFailed, match="2 MB"):
        EmailRenderer(delivery, freeze(delivery)).render(make_row(attributes={"l": ["y"] * 100}))


def test_what_asks_for_too_much_is_explained_once_for_all_recipients(monkeypatch: pytest.MonkeyPatch) -> None:
    for_each = "{% for a in recipient.attributes.many %}"
    loop = f"{for_each}{for_each}{{{{ a }}}}{{% endfor %}}{{% endfor %}}"
    delivery = make_delivery(html=f"<p>\n\n{loop}</p>")
    renderer = EmailRenderer(delivery, freeze(delivery))
    explained: list[str] = []
    render_part = EmailRenderer._render_part

    def explain(self: EmailRenderer, part: str, row: Any) -> str:
        explained.append(part)
        return render_part(self, part, row)

    monkeypatch.setattr(EmailRenderer, "_render_part", explain)
    # One asks for many rounds, the other for much text.
    for many, reason in ((list(range(100)), "OutOfFuel"), (["x" * 1000] * 60, "2 MB")):
        for _number in range(3):
            with pytest.raises(RenderingFailed, match=rf"line \d+: .*{reason}"):
                renderer.render(make_row(attributes={"many": many}))

    assert len(explained) == 2
    assert b"1" in renderer.render(make_row(attributes={"many": [1, 2]})).content


def test_an_expression_ends_the_rendering_when_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a hundred texts a hundred times would be ten million letters; twice what is allowed is never made."""
    loop = "{% for a in recipient.attributes.many %}{{ recipient.attributes.many }}{% endfor %}"
    delivery = make_delivery(html=f"<p>{loop}</p>")
    made: list[int] = []
    finish = Chunks._bounded

    def counted(self: Chunks, value: Any) -> str:
        text = finish(self, value)
        made.append(len(text))
        return text

    monkeypatch.setattr(Chunks, "_bounded", counted)
    renderer = EmailRenderer(delivery, freeze(delivery))
    with pytest.raises(RenderingFailed, match="2 MB"):
        renderer.render(make_row(attributes={"many": ["x" * 1000] * 100}))

    assert sum(made) <= 2_000_000
