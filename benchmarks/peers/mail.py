"""The reference mail: alternative text and HTML, five tracked links, an unsubscription link; about 6 KB when sent.

Its placeholders mean the same to our personalisation and to Django's templates.
"""

from __future__ import annotations

SENDER = "hello@example.com"
SUBJECT = "{{ recipient.first_name }}, vos avantages de l’été vous attendent"
_LINKS = ("offres", "nouveautés", "fidélité", "magasins", "compte")
_PARAGRAPH = (
    "Bonjour {{ recipient.first_name }} {{ recipient.last_name }}, cette semaine nos équipes ont préparé pour vous une "
    "sélection de produits à découvrir en avant-première, livrés où vous le souhaitez. Vos points de fidélité comptent "
    "double jusqu’à dimanche soir, en magasin comme en ligne, et la livraison est offerte dès trente euros d’achat."
)


def _section(number: int, name: str) -> str:
    url = f"https://www.example.com/{number}/?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=summer"
    return (
        f'<tr><td style="padding:12px;font-family:Arial,sans-serif;color:#333333"><h2>{name.capitalize()}</h2>'
        f'<p>{_PARAGRAPH}</p><p><a href="{url}">Voir les {name}</a></p></td></tr>\n'
    )


HTML = (
    '<html><body><table width="600" align="center">\n'
    + "".join(_section(number, name) for number, name in enumerate(_LINKS, 1))
    + '</table><p><a href="{{ message.unsubscribe_url }}">Se désabonner</a></p></body></html>\n'
)
TEXT = f"{_PARAGRAPH}\n\nhttps://www.example.com/\n\nSe désabonner : {{{{ message.unsubscribe_url }}}}\n"
