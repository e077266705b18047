"""The lab's paths with a mail room whose card says a word."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

from netlab.urls import urlpatterns as lab

rooms = [
    path("somewhere/compose/", lambda request: HttpResponse(), name="compose"),
    path("somewhere/card/", lambda request: HttpResponse("<h2>Mail</h2><p>3 unread</p>"), name="mail-card"),
]
urlpatterns = [*rooms, *[row for row in lab if "mail/" not in str(row.pattern)]]
