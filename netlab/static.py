"""Style sheets, scripts and icons as WhiteNoise finds them, answered in a way that ASGI takes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise answers with a synchronous stream, which Django under ASGI reads whole first, and warns.

    The files are few and small: they are read here, in the thread that WhiteNoise runs in anyway.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return what WhiteNoise found for ``request``: status, fields and bytes."""
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file:
                body = found.file.read()
        answer = HttpResponse(body, status=int(found.status))
        del answer["content-type"]
        for name, value in found.headers:
            answer[name] = value
        return answer
