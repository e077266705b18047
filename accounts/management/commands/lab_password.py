"""``manage.py lab_password NAME``: give a person a new lab password, and print it once."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from accounts import provision
from accounts.models import User


class Command(BaseCommand):
    help = "Make a new lab password for a person (the site's password: changepassword)."

    def add_arguments(self, parser):
        parser.add_argument("name", help="the user name, such as ann")

    def handle(self, *args, name, **options):
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no person with the user name {name!r}.")
        secret = provision.renew(person)
        if not secret:
            raise CommandError("The lab's servers have never run; start them (manage.py lab) and try again.")
        self.stdout.write(f"{name}'s new lab password: {secret}")
