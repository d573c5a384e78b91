"""What a template may say, how it is checked, and what recipients' data can't do to it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from deliveries.channels.base import NothingToSend, RenderingFailed
from deliveries.content.personalisation import ContentProblem, Personaliser, check
from tests.deliveries.content.factories import unsaved_version
from tests.payloads import payloads


def render(source: str, part: str = "html", recipient: dict[str, Any] | None = None) -> str:
    personaliser = Personaliser({part: source}, {"id": 3, "label": "Spring"})
    urls = {"mirror_url": "https://t.example.com/t/m/x"}
    return personaliser.render(part, personaliser.context(recipient or {}, urls))


def problems(**parts: str) -> list[tuple[str, int]]:
    return [(problem.part, problem.line) for problem in check(unsaved_version(**parts))]


def test_fields_conditions_and_loops_are_rendered() -> None:
    source = (
        "{% if recipient.gender == 'female' %}Chère{% else %}Cher{% endif %} {{ recipient.first_name|upper }}:"
        "{% for item in recipient.attributes.items_bought %} {{ loop.index }}.{{ item }}{% endfor %}"
        " {{ delivery.label }}"
    )
    recipient = {"gender": "female", "first_name": "Anne", "attributes": {"items_bought": ["cup", "plate"]}}

    assert render(source, "text", recipient) == "Chère ANNE: 1.cup 2.plate Spring"


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    recipient = {"first_name": "<b>&"}

    assert render("{{ recipient.first_name }}", "html", recipient) == "&lt;b&gt;&amp;"
    assert render("{{ recipient.first_name }}", "text", recipient) == "<b>&"


def test_links_of_ours_are_written_as_they_are_in_html() -> None:
    assert render('<a href="{{ message.mirror_url }}">') == '<a href="https://t.example.com/t/m/x">'


def test_dates_are_formatted_in_the_recipients_language() -> None:
    recipient = {"birth_date": date(1990, 2, 28), "language": "fr"}

    assert render("{{ recipient.birth_date|date }}", "text", recipient) == "28/02/1990"
    written = render("{{ recipient.birth_date|date('l j F Y', recipient.language) }}", "text", recipient)
    assert written == "mercredi 28 février 1990"


def test_an_empty_value_and_a_missing_attribute_are_empty_or_take_the_default() -> None:
    source = (
        "[{{ recipient.birth_date }}][{{ recipient.attributes.nothing }}][{{ recipient.attributes.city|default('?') }}]"
    )

    assert render(source, "text", {"birth_date": None, "attributes": {}}) == "[][][?]"


def test_skip_sends_nothing_to_those_it_applies_to() -> None:
    source = "{% if recipient.country_code == 'FR' %}{% skip %}{% endif %}Hello"

    assert render(source, "text", {"country_code": "GB"}) == "Hello"
    with pytest.raises(NothingToSend):
        render(source, "text", {"country_code": "FR"})


def test_a_recipient_can_not_forge_the_skip_marker() -> None:
    assert "skip" in render("{{ recipient.first_name }}", "text", {"first_name": "\0skip\0"})


def test_a_long_value_is_cut_at_1024_characters() -> None:
    assert len(render("{{ recipient.attributes.bio }}", "text", {"attributes": {"bio": "x" * 10_000}})) == 1024


def test_a_value_that_a_filter_refuses_fails_that_recipient_naming_the_part() -> None:
    with pytest.raises(RenderingFailed, match="text"):
        render("{{ recipient.first_name|date }}", "text", {"first_name": "Anne"})


def test_a_field_inside_a_missing_attribute_fails_that_recipient_naming_line_and_field() -> None:
    with pytest.raises(RenderingFailed, match=r"line 2.*city"):
        render("\n{{ recipient.attributes.address.city }}", "text", {"attributes": {}})


def test_a_loop_that_never_ends_for_one_recipient_fails_that_recipient() -> None:
    loops = [f"{{% for {name} in recipient.attributes.l %}}" for name in "abc"]
    source = "".join([*loops, "x", "{% endfor %}" * 3])

    with pytest.raises(RenderingFailed):
        render(source, "text", {"attributes": {"l": list(range(1000))}})


@pytest.mark.parametrize(
    "source",
    [
        "{{ 2 * 3 }}",
        "{{ 2 ** 9999999 }}",
        "{{ recipient.fist_name }}",
        "{{ recipient }}",
        "{{ recipient[recipient.email] }}",
        "{{ recipient.email.upper() }}",
        "{{ recipient.__class__ }}",
        "{{ range(1000000) }}",
        "{{ 'a'|format(99999999) }}",
        "{{ recipient.email|safe }}",
        "{{ _links[1]|safe }}",
        "{{ settings.SECRET_KEY }}",
        "{% set a = 1 %}",
        "{% include 'secrets' %}",
        "{% macro m() %}{% endmacro %}",
        "{% raw %}{{ recipient.email }}{% endraw %}",
        "{% for recipient in [1] %}{% endfor %}",
        "{{ {'a': 1} }}",
        "{{ recipient.email",
        "{% if recipient.email %}",
        "{% endfor %}",
        "{% for a in recipient.attributes.l %}" + "x" * 10_001 + "{% endfor %}",
    ],
)
def test_what_is_not_on_the_list_is_refused_with_its_line(source: str) -> None:
    assert problems(html=f"<p>\n\n{source}")[0] == ("html", 3) or source.startswith("{% for a in")
    assert problems(html=f"<p>\n\n{source}")


def test_a_correct_content_has_no_problem() -> None:
    content = unsaved_version(
        subject="Hello {{ recipient.first_name|default('you') }}",
        html="<p>{% if recipient.attributes.score > 3 %}a{% endif %}{{ recipient.attributes.address.city }}</p>",
        text="{{ recipient.birth_date|date('d/m') }} {{ message.unsubscribe_url }}",
        from_name="{{ recipient.attributes.seller|default('Comptoir') }}",
    )

    assert check(content) == []


def test_every_part_is_checked_and_the_sender_address_is_not_personalised() -> None:
    found = problems(
        subject="{{ nope }}", text="{{ nope }}", from_name="{{ nope }}", from_email="{{ recipient.email }}"
    )

    assert [part for part, _line in found] == ["subject", "text", "from_name", "from_email"]


def test_a_fixed_sender_or_reply_address_that_is_none_is_refused_before_anything_leaves() -> None:
    assert problems(from_email="news", reply_to="care@", text="x") == [("from_email", 1), ("reply_to", 1)]
    assert problems(from_email="news@example.com", reply_to="{{ recipient.attributes.seller }}", text="x") == []


def test_a_content_that_computes_for_ever_is_refused_within_its_second() -> None:
    digits = ",".join("1" * 100)
    loops = f"{{% for a in [{digits}] %}}{{% for b in [{digits}] %}}{{% for c in [{digits}] %}}x"

    found = check(unsaved_version(text=loops + "{% endfor %}" * 3))

    assert found == [
        ContentProblem("text", 1, "Personalisation takes too much time, memory or room. Shorten its loops.")
    ]


def test_no_template_payload_of_the_corpus_is_evaluated_as_content() -> None:
    for payload in payloads("ssti"):
        tags = any(opening in payload for opening in ("{{", "{%"))

        assert not tags or _refused(payload), payload


def test_no_template_payload_of_the_corpus_is_evaluated_as_recipient_data() -> None:
    for payload in payloads("ssti"):
        expected = payload[:1024].replace("\0", "")

        assert render("{{ recipient.first_name }}", "text", {"first_name": payload}) == expected


def _refused(payload: str) -> bool:
    try:
        Personaliser({"text": payload}, {})
    except RenderingFailed:
        return True
    return False


def test_what_the_workflow_added_is_bounded_escaped_and_blank_where_missing() -> None:
    source = '{{ target.shop }}|{{ target["none"] }}|{% if target.spent > 5 %}big{% endif %}'
    personaliser = Personaliser({"html": source}, {})

    context = personaliser.context({}, {}, added={"shop": "<b>" + "x" * 2000, "spent": 12.5, "unused": "secret"})

    assert context["target"].keys() == {"shop", "none", "spent"}
    assert personaliser.render("html", context) == f"&lt;b&gt;{'x' * 1021}||big"


@pytest.mark.parametrize("source", ["{{ target }}", "{{ target._x }}", '{{ target["a b"] }}', "{{ target.x() }}"])
def test_an_added_value_is_read_by_its_name_only(source: str) -> None:
    assert problems(subject=source) == [("subject", 1)]


def test_added_values_may_be_used_before_any_workflow_gave_them() -> None:
    assert problems(subject="{{ target.town }}", text="{{ target.spent + 1 }}{{ target.day|date('d/m') }}") == []


def test_a_tag_hidden_by_nul_is_read_as_the_engine_will_read_it() -> None:
    assert problems(text="{\0{ settings.SECRET_KEY }}{{ recipient.email }}") == [("text", 1)]
    with pytest.raises(RenderingFailed, match="settings"):
        Personaliser({"text": "{\0{ settings.SECRET_KEY }}"}, {})
