"""Paths of sign-in, home, preferences and class."""

from __future__ import annotations

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.show_home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("password/", views.NewPassword.as_view(), name="password"),
    path("admin/login/", views.admin_sign_in),
    path("preferences/", views.preferences, name="preferences"),
    path("lab-password/", views.lab_password, name="lab-password"),
    path("lab-password/new/", views.new_lab_password, name="new-lab-password"),
    path("ca.pem", views.ca, name="ca"),
    path("class/", views.show_class, name="class"),
]
