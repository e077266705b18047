"""Pages of our own inside the admin panel's frame, and the sheet of credentials."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from accounts import home
from accounts.roster import Card


def page(panel: ModelAdmin, request: HttpRequest, template: str, title: str, status=200, **context):
    """Render ``templates/accounts/panel/<template>.html`` in the panel's frame."""
    whole = {**panel.admin_site.each_context(request), "opts": panel.opts, "title": title, **context}
    return render(request, f"accounts/panel/{template}.html", whole, status=status)


def sheet(request: HttpRequest, cards: Iterable[Card], back: str, heading: str = "") -> HttpResponse:
    """Render ``templates/accounts/panel/<template>.html`` in the frame of the panel."""
    context = {
        "cards": list(cards),
        "back": back,
        "heading": heading,
        "site": home.site_address(request),
        "servers": home.lab_servers(request),
    }
    answer = render(request, "accounts/sheet.html", context)
    answer.own_frame = True  # not the panel's frame: the site's strict policy holds
    patch_cache_control(answer, no_store=True, private=True)
    return answer
