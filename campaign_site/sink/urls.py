"""The pages of the sink, below admin/sink/."""

from __future__ import annotations

from django.urls import path

from campaign_site.sink import views

urlpatterns = [
    path("", views.mails, name="sink"),
    path("<int:mail_id>/", views.mail, name="sink_mail"),
    path("<int:mail_id>/body/", views.body, name="sink_body"),
]
