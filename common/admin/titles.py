"""Django's own titles of forms: named here so that our catalogue words them, for a gender no model name tells."""

from django.utils.translation import gettext_noop

TITLES = [gettext_noop("Add %s"), gettext_noop("Change %s"), gettext_noop("View %s")]
