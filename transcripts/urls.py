"""The paths of the transcripts."""

from __future__ import annotations

from django.urls import path

from transcripts import views

urlpatterns = [
    path("", views.transcripts, name="transcripts"),
    path("card", views.card, name="transcripts-card"),
    path("dock", views.dock, name="transcripts-dock"),
    path("<int:pk>", views.transcript, name="transcript"),
    path("<int:pk>/export", views.export, name="transcript-export"),
    path("<int:pk>/hex", views.hexadecimal, name="transcript-hex"),
    path("<int:pk>/project", views.project, name="transcript-project"),
    path("<int:pk>/share", views.share, name="transcript-share"),
    path("<int:pk>/pin", views.pin, name="transcript-pin"),
    path("<int:pk>/delete", views.delete, name="transcript-delete"),
    path("<int:pk>/line/<int:number>", views.line, name="transcript-line"),
    path("<int:pk>/body/<int:number>", views.body, name="transcript-body"),
    path("<int:pk>/reveal/<int:number>/<int:index>", views.reveal, name="transcript-reveal"),
]
