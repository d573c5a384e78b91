"""The entry of the sidebar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.navigation import Section, sections

sections.add(
    "recipients",
    Section(
        label=_("Recipients"),
        icon="users",
        url_name="section",
        url_arguments=("recipients",),
        position=50,
        prefixes=("recipients/",),
        permissions=("recipients.view_recipient", "recipients.view_recipientlist", "recipients.view_service"),
        key="r",
    ),
)
