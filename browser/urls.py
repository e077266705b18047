"""Paths of the lab's browser."""

from __future__ import annotations

from django.urls import path

from browser import keeping, looking, views

urlpatterns = [
    path("", views.web, name="web"),
    path("open/", views.open_, name="web-open"),
    path("fill/", views.fill, name="web-fill"),
    path("go/", views.go, name="web-go"),
    path("stop/", views.stop, name="web-stop"),
    path("follow/<int:pk>/", views.follow, name="web-follow"),
    path("visit/", looking.visit, name="web-visit"),
    path("pieces/", looking.pieces, name="web-pieces"),
    path("page/<int:pk>/", looking.page, name="web-page"),
    path("download/<int:pk>/", looking.download, name="web-download"),
    path("options/", keeping.options, name="web-options"),
    path("sign-in/<int:pk>/", keeping.sign_in, name="web-sign-in"),
    path("sign-out/<int:pk>/", keeping.sign_out, name="web-sign-out"),
    path("cookies/", keeping.empty, name="web-cookies-empty"),
    path("cookies/<int:pk>/", keeping.change, name="web-cookie"),
    path("history/", keeping.clear, name="web-history-clear"),
]
