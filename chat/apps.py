"""Django's name for this room; it closes the sockets and connections of a person who is disabled."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from accounts.signals import person_disabled  # models may be imported only once apps are ready
        from chat import bus

        person_disabled.connect(bus.person_gone, dispatch_uid="chat.bus")
