"""The admin panel: people, classes, servers and logins, one module of ``accounts.panel`` each."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.models import Login, SchoolClass, Server, User
from accounts.panel.classes import ClassAdmin
from accounts.panel.logins import LoginAdmin
from accounts.panel.people import PersonAdmin
from accounts.panel.servers import ServerAdmin

admin.site.unregister(Group)  # rights come from the role alone
admin.site.register(User, PersonAdmin)
admin.site.register(SchoolClass, ClassAdmin)
admin.site.register(Server, ServerAdmin)
admin.site.register(Login, LoginAdmin)
