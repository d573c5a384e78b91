"""What scripts say, in the language of the page.

The language comes from the session or the browser, not from the address: the copy that a browser keeps is asked for
again at each page, and answered with 304 until the language or the texts change.
"""

from __future__ import annotations

from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from django.views.decorators.vary import vary_on_headers
from django.views.i18n import JavaScriptCatalog

catalog = conditional_page(
    cache_control(private=True, no_cache=True)(
        vary_on_headers("Cookie", "Accept-Language")(JavaScriptCatalog.as_view(domain="djangojs"))
    )
)
