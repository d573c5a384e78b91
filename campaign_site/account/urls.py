"""The pages of the account and what every page asks for, below admin/."""

from __future__ import annotations

from django.urls import path

from campaign_site.account import pages, search, views

urlpatterns = [
    path("account/", pages.account, name="account"),
    path("account/token/", pages.token, name="account-token"),
    path("account/views/", views.save, name="saved-view-save"),
    path("account/views/<int:number>/share/", views.share, name="saved-view-share"),
    path("account/views/<int:number>/delete/", views.delete, name="saved-view-delete"),
    path("search/", search.search, name="search"),
]
