"""How each user wants to see the pages: the language, and whether single letters are keys."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from common.errors import Invalid
from installation.models import Preference


class UnknownLanguage(Invalid):
    """The pages don't exist in this language."""

    code = "unknown_language"


def preference_of(*, user_id: int) -> Preference:
    """What the user chose; the defaults, unsaved, for one who never chose."""
    return Preference.objects.filter(user_id=user_id).first() or Preference(user_id=user_id)


def choose_language(*, user: User, language: str) -> Preference:
    """Keep the user's language; "" leaves it to the browser. Raises UnknownLanguage."""
    if language and language not in dict(settings.LANGUAGES):
        raise UnknownLanguage(_("The pages don't exist in the language %(language)s.") % {"language": language})
    return _keep(user, language=language)


def choose_shortcuts(*, user: User, enabled: bool) -> Preference:
    """Keep whether single letters are keys."""
    return _keep(user, shortcuts=enabled)


def _keep(user: User, **values: object) -> Preference:
    preference, _created = Preference.objects.update_or_create(user=user, defaults=values)
    return preference
