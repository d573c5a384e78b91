"""The account page, and the choice of the language that every page offers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from campaign_site.account.middleware import remember
from campaign_site.account.tokens import masked_token, new_token
from common.audit import ADMIN, Deed, record
from installation.preferences import UnknownLanguage, choose_language, choose_shortcuts, preference_of


class AccountForm(forms.Form):
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    shortcuts = forms.BooleanField(label=gettext_lazy("Single-letter keys"), required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "label_suffix": ""})
        # Each language in itself: whoever lands in the wrong one finds the way out.
        names = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = [("", _("The one of the browser")), *names]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@admin.site.admin_view
def account(request: HttpRequest) -> HttpResponseBase:
    user = _user(request)
    preference = preference_of(user_id=user.pk)
    kept = {"language": preference.language, "shortcuts": preference.shortcuts}
    form = AccountForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        choose_language(user=user, language=form.cleaned_data["language"])
        preference = choose_shortcuts(user=user, enabled=form.cleaned_data["shortcuts"])
        remember(request, preference)
        # The next page says it, in its language.
        with translation.override(preference.language or translation.get_language()):
            messages.success(request, _("Your preferences are saved."))
        return redirect("account")
    return _page(request, form)


@require_POST
@never_cache
@admin.site.admin_view
def token(request: HttpRequest) -> HttpResponseBase:
    """Makes a new token and shows it, this once."""
    user = _user(request)
    made = new_token(user)
    record(Deed(user, "new_token", ADMIN, user, timezone.now()))
    preference = preference_of(user_id=user.pk)
    form = AccountForm(initial={"language": preference.language, "shortcuts": preference.shortcuts})
    return _page(request, form, new_token=made)


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Chooses the language of the pages: kept for the user on every device, and by a cookie for the login page."""
    if isinstance(request.user, User):
        try:
            remember(request, choose_language(user=request.user, language=request.POST.get("language", "")))
        except UnknownLanguage as error:
            messages.error(request, str(error))
    return set_language(request)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # The admin let nobody else in.
    return request.user


def _page(request: HttpRequest, form: AccountForm, **context: Any) -> HttpResponse:
    values = {
        **admin.site.each_context(request),
        "title": _("Your account"),
        "form": form,
        "masked_token": masked_token(_user(request)),
        **context,
    }
    return TemplateResponse(request, "account/account.html", values)
