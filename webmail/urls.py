"""Paths of the mail room."""

from __future__ import annotations

from django.urls import path

from webmail import outbox, views, writing

urlpatterns = [
    path("", views.mail, name="mail"),
    path("card/", views.card, name="mail-card"),
    path("badge/", views.badge, name="mail-badge"),
    path("folders/", views.folders, name="mail-folders"),
    path("folders/create/", views.create_folder, name="mail-create-folder"),
    path("folder/<int:pk>/", views.folder, name="mail-folder"),
    path("folder/<int:pk>/refresh/", views.refresh, name="mail-refresh"),
    path("folder/<int:pk>/act/", views.act, name="mail-act"),
    path("undo/<int:pk>/", views.undo, name="mail-undo"),
    path("message/<int:pk>/", views.message, name="mail-message"),
    path("message/<int:pk>/fetch/", views.fetch, name="mail-fetch"),
    path("message/<int:pk>/html/", views.html, name="mail-html"),
    path("message/<int:pk>/source/", views.source, name="mail-source"),
    path("message/<int:pk>/part/<int:number>/", views.part, name="mail-part"),
    path("message/<int:pk>/answer/", writing.answer, name="mail-answer"),
    path("compose/", writing.begin, name="compose"),
    path("compose/<uuid:key>/", writing.compose, name="mail-draft"),
    path("compose/<uuid:key>/save/", writing.save, name="mail-draft-save"),
    path("compose/<uuid:key>/attach/", writing.attach, name="mail-attach"),
    path("compose/<uuid:key>/detach/<int:pk>/", writing.detach, name="mail-detach"),
    path("compose/<uuid:key>/discard/", writing.discard, name="mail-discard"),
    path("outgoing/<int:pk>/", outbox.outgoing, name="outgoing"),
    path("outgoing/<int:pk>/state/", outbox.state, name="outgoing-state"),
    path("outgoing/<int:pk>/decide/", outbox.decide, name="outgoing-decide"),
]
