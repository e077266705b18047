"""Paths of the files room. ``transfer/`` is not among them: ``netlab.asgi`` leads it past Django."""

from __future__ import annotations

from django.urls import path

from webftp import passing, views

urlpatterns = [
    path("", views.files, name="files"),
    path("card/", views.card, name="files-card"),
    path("<int:pk>/", views.folder, name="files-folder"),
    path("<int:pk>/refresh/", views.refresh, name="files-refresh"),
    path("<int:pk>/mode/", views.mode, name="files-mode"),
    path("<int:pk>/ask/", views.ask, name="files-ask"),
    path("<int:pk>/act/", views.act, name="files-act"),
    path("<int:pk>/download/", passing.download, name="files-download"),
    path("<int:pk>/fetch/", passing.fetch, name="files-fetch"),
    path("<int:pk>/upload/", passing.upload, name="files-upload"),
    path("<int:pk>/view/", passing.view, name="files-view"),
    path("jobs/", views.jobs, name="files-jobs"),
    path("job/<int:pk>/", views.decide, name="files-decide"),
    path("ticket/<int:pk>/", passing.ticket, name="files-ticket"),
]
