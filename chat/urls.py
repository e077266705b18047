"""Paths of the chat room."""

from __future__ import annotations

from django.urls import path

from chat import views

urlpatterns = [
    path("", views.chat, name="chat"),
    path("card/", views.card, name="chat-card"),
    path("network/<int:pk>/connect/", views.connect, name="chat-connect"),
    path("network/<int:pk>/disconnect/", views.disconnect, name="chat-disconnect"),
    path("server/<int:pk>/join/", views.add, name="chat-add"),
    path("talk/<int:pk>/history/", views.history, name="chat-history"),
    path("talk/<int:pk>/close/", views.close, name="chat-close"),
]
