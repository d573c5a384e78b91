"""A page with one of each behaviour, in the frame of the back office, and what its scripts ask for."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path

from campaign_site.urls import handler404, handler500
from campaign_site.urls import urlpatterns as site
from common.admin import Choice, Dialog

__all__ = ["handler404", "handler500"]

PAGE = """{% extends "admin/base_site.html" %}{% block content %}
<a class="button" href="/behaviours/stop/" data-dialog>Stop…</a> <a href="/behaviours/nothing/" data-dialog>Broken</a>
<nav class="tabs" aria-label="Pages"><a href="?tab=1" aria-current="page">One</a><a href="?tab=2">Two</a></nav>
<section id="figures" data-live="/behaviours/figures/" data-moving><a href="#kept">count 0</a></section>
<p data-updated></p>
<div class="copy"><code>./diffusion run</code><button type="button">Copy</button></div>
<details class="menu"><summary>More</summary><div class="pop">
<a href="#a">First</a><a href="#b">Second</a></div></details>
<form method="post" action="/behaviours/said/" data-guard>{% csrf_token %}<input name="label" aria-label="Label">
<button>Say</button></form>
<button type="button" data-shortcut="p" id="pause">Pause</button>
<table data-rows><tbody><tr><td><a href="#1">One</a></td></tr><tr><td><a href="#2">Two</a></td></tr></tbody></table>
{% endblock %}"""

# What the answers count, and how the next ones fail.
asked: dict[str, Any] = {"figures": 0, "fails": False, "stopped": None}


@admin.site.admin_view
def behaviours(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(PAGE)
    context = {**admin.site.each_context(request), "title": "Behaviours"}
    return HttpResponse(template.render(context, request))


@admin.site.admin_view
def stop(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        asked["stopped"] = request.POST["choice"]
        messages.success(request, "Stopped.")
        return redirect("/behaviours/")
    choices = [
        Choice("one", "This occurrence only", "The next one leaves.", "Stop this occurrence"),
        Choice("all", "The whole series", "None leaves.", "Stop the series"),
    ]
    dialog = Dialog(title="Stop what?", lines=["12 have left."], choices=choices, keep="Keep sending")
    context = {
        **admin.site.each_context(request),
        "dialog": dialog,
        "action_url": request.path,
        "back_url": "/behaviours/",
    }
    return TemplateResponse(request, "admin/dialog.html", context)


@admin.site.admin_view
def figures(request: HttpRequest) -> HttpResponse:
    asked["figures"] += 1
    if asked["fails"]:
        return HttpResponse(status=503)
    return HttpResponse(f'<a href="#kept" data-moving>count {asked["figures"]}</a>')


@admin.site.admin_view
def said(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Said.")
    messages.error(request, "But not well.")
    return redirect("/behaviours/")


@admin.site.admin_view
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("A page without a dialog", status=500)


urlpatterns = [
    path("behaviours/", behaviours),
    path("behaviours/stop/", stop),
    path("behaviours/figures/", figures),
    path("behaviours/said/", said),
    path("behaviours/nothing/", nothing),
    *site,
]
