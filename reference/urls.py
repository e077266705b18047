"""Paths of the reference. An entry's is its permalink."""

from __future__ import annotations

from django.urls import path

from reference import views

urlpatterns = [
    path("", views.reference, name="reference"),
    path("course/", views.course, name="reference-course"),
    path("seen/", views.seen_counts, name="reference-seen"),
    path("<slug:place>/<str:table>/<path:word>/", views.entry, name="reference-entry"),
]
