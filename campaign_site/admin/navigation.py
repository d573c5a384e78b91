"""The first and the last entry of the sidebar; the last takes every page that no other entry has."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.navigation import Section, sections

ADMINISTRATION = "administration"

sections.add(
    "home",
    Section(label=_("Home"), icon="house", url_name="admin:index", position=10, prefixes=(), key="h"),
)
sections.add(
    ADMINISTRATION,
    Section(
        label=_("Administration"),
        icon="settings",
        url_name="section",
        url_arguments=(ADMINISTRATION,),
        position=90,
        prefixes=(
            "installation/",
            "deliveries/route/",
            "deliveries/affinity/",
            "deliveries/receivergroup/",
            "deliveries/sendinglimit/",
            "deliveries/groupstate/",
            "deliveries/warmup/",
            "deliveries/inboundsource/",
            "deliveries/signingkey/",
            "deliveries/inboundmail/",
            "deliveries/bouncerule/",
            "auth/",
            "authtoken/",
            "django_celery_beat/",
            "sink/",
        ),
    ),
)
