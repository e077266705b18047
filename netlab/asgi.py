"""The ASGI application: Django's pages, Channels' sockets, and files on their way past Django."""

from __future__ import annotations

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netlab.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  (Django must be set up before models are imported)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from netlab.lifespan import Lifespan  # noqa: E402
from netlab.origin import SameOrigin  # noqa: E402
from netlab.routing import beside, sockets  # noqa: E402
from netlab.signed_in import SignedIn  # noqa: E402
from netlab.straight import Straight  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": beside(pages),
        "lifespan": Lifespan(),
        "websocket": SameOrigin(Straight(AuthMiddlewareStack(SignedIn(URLRouter(sockets))))),
    }
)
# Modules and tables are there for good: looking for garbage among them would stop every socket for 50 ms.
gc.freeze()
