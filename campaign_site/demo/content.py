"""The demo's mails, each in French and English."""

from __future__ import annotations

LAYOUT = """<!DOCTYPE html>
<html lang="{{% if recipient.language == 'fr' %}}fr{{% else %}}en{{% endif %}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Comptoir Belleroche</title></head>
<body style="margin:0;background:#f4f1ec;font-family:Georgia,serif;color:#2b2622">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="background:#fff;border-radius:6px">
<tr><td style="padding:28px 36px;border-bottom:1px solid #e7e0d6;font-size:20px">Comptoir Belleroche</td></tr>
<tr><td style="padding:28px 36px;font-size:16px;line-height:1.55">{body}</td></tr>
<tr><td style="padding:18px 36px;font-size:12px;color:#7b7268;border-top:1px solid #e7e0d6">
{{% if recipient.language == 'fr' %}}
<a href="{{{{ message.mirror_url }}}}" style="color:#7b7268">Voir en ligne</a> ·
<a href="{{{{ message.unsubscribe_url }}}}" style="color:#7b7268">Se désinscrire</a>
{{% else %}}
<a href="{{{{ message.mirror_url }}}}" style="color:#7b7268">View online</a> ·
<a href="{{{{ message.unsubscribe_url }}}}" style="color:#7b7268">Unsubscribe</a>
{{% endif %}}
</td></tr></table></td></tr></table></body></html>
"""


def _page(body: str) -> str:
    return LAYOUT.format(body=body)


BIRTHDAY = {
    "subject": "{% if recipient.language == 'fr' %}Joyeux anniversaire, {{ recipient.first_name }}\u00a0!"
    "{% else %}Happy birthday, {{ recipient.first_name }}!{% endif %}",
    "html": _page(
        """{% if recipient.language == 'fr' %}
<p>Bonjour {{ recipient.first_name }},</p>
<p>Toute l'équipe vous souhaite un très bel anniversaire. Votre cadeau vous attend&nbsp;:
<b>15&nbsp;% sur les cocottes</b>, pendant quinze jours.</p>
<p><a href="https://www.example.com/fr/anniversaire?client={{ recipient.id }}">Choisir mon cadeau</a></p>
<p>À bientôt au magasin de <a href="https://www.example.com/fr/magasins">{{ recipient.attributes.store }}</a>.</p>
{% else %}
<p>Dear {{ recipient.first_name }},</p>
<p>Happy birthday from all of us. Your present is waiting: <b>15% off our casseroles</b> for a fortnight.</p>
<p><a href="https://www.example.com/en/birthday?customer={{ recipient.id }}">Choose my present</a></p>
<p>See you soon at our <a href="https://www.example.com/en/stores">{{ recipient.attributes.store }}</a> store.</p>
{% endif %}"""
    ),
}
WELCOME = {
    "subject": "{% if recipient.language == 'fr' %}Bienvenue au Comptoir{% else %}Welcome to the Comptoir{% endif %}",
    "html": _page(
        """{% if recipient.language == 'fr' %}
<p>Bonjour {{ recipient.first_name }},</p><p>Merci de votre inscription. Voici <a href="https://www.example.com/fr/carnet">notre
carnet de recettes</a>.</p>
{% else %}
<p>Dear {{ recipient.first_name }},</p><p>Thank you for joining us. Here is <a href="https://www.example.com/en/book">our
recipe book</a>.</p>
{% endif %}"""
    ),
}
OFFER = {
    "subject": "{% if recipient.language == 'fr' %}Vos fêtes en cuisine{% else %}Holidays in the kitchen{% endif %}",
    "html": _page(
        """{% if recipient.language == 'fr' %}
<p>Bonjour {{ recipient.first_name }},</p><p>Jusqu'au 24 décembre, la deuxième casserole est à moitié prix.
<a href="https://www.example.com/fr/noel">Choisir les miennes</a></p>
{% else %}
<p>Dear {{ recipient.first_name }},</p><p>Until 24 December, the second saucepan is half price.
<a href="https://www.example.com/en/christmas">Choose mine</a></p>
{% endif %}"""
    ),
}
SENDER = {
    "from_name": "Comptoir Belleroche",
    "from_email": "bonjour@belleroche.example",
    "reply_to": "clients@belleroche.example",
}
