"""Which path leads to which room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from netlab.health import healthz

admin.autodiscover()

urlpatterns = [
    path("", include("accounts.urls")),
    path("mail/", include("webmail.urls")),
    path("files/", include("webftp.urls")),
    path("reference/", include("reference.urls")),
    path("web/", include("browser.urls")),
    path("console/", include("console.urls")),
    path("chat/", include("chat.urls")),
    path("transcripts/", include("transcripts.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
