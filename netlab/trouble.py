"""What a person is told when a part of the lab itself is away."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


class BrokerMiddleware(MiddlewareMixin):
    """Where no task can be started, say so in the person's language: a page, or a toast where htmx asked."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError):
            return None
        log.warning("%s: the broker does not answer: %s", request.path, error)
        if not getattr(request, "htmx", False):
            return render(request, "broker_away.html", status=503)
        # htmx swaps nothing into the page for a 503.
        answer = render(request, "_broker_away.html")
        answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "innerHTML"
        return answer
