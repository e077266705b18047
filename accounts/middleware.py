"""Each request in its person's language and time zone."""

from __future__ import annotations

import zoneinfo
from types import SimpleNamespace

from django.conf import settings
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from accounts.models import User

THEME_COOKIE = "theme"


class PreferencesMiddleware(MiddlewareMixin):
    """Activates language and zone and sets ``request.theme``.

    A signed-in person's own language wins over the browser's; who is not signed in has a cookie (set on the
    sign-in page) or Accept-Language.
    """

    def process_request(self, request):
        language = chosen_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        request.theme = chosen_theme(request)
        timezone.activate(chosen_zone(request))

    def process_response(self, request, response):
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        timezone.deactivate()
        return response


class PanelPolicyMiddleware(MiddlewareMixin):
    """The admin panel's own content security policy, on its pages only (docs/decisions/admin-csp.md).

    Pages of ours that are shown below its path, but not in its frame, keep the site's.
    """

    def process_response(self, request, response):
        match = request.resolver_match
        if match and match.app_name == "admin" and not getattr(response, "own_frame", False):
            response._csp_replace = settings.PANEL_POLICY
        return response


def chosen_language(request) -> str:
    """Return the code of a language that there is (``settings.LANGUAGES``)."""
    offered = [getattr(request.user, "language", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")]
    offered += [code for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    for code in filter(None, offered):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def language_of_socket(scope) -> str:
    """Return the language for whoever opened a WebSocket, chosen as for a page."""
    headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}
    return chosen_language(
        SimpleNamespace(user=scope.get("user"), COOKIES=scope.get("cookies", {}), headers=headers)
    )


def chosen_theme(request) -> str:
    """Return ``system``, ``light`` or ``dark``."""
    theme = getattr(request.user, "theme", "") or request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in User.Theme.values else User.Theme.SYSTEM


def chosen_zone(request) -> zoneinfo.ZoneInfo:
    """Return the person's time zone, the site's where they chose none or their system's tables lack it."""
    try:
        return zoneinfo.ZoneInfo(getattr(request.user, "time_zone", "") or settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
