"""``manage.py restore FILE``: a lab as it was when ``backup`` wrote the file, in an empty data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from netlab.archive import Unfit, unpack
from netlab.only import only_one


class Command(BaseCommand):
    requires_system_checks = []
    help = "Make a lab out of a backup. Refuses to overwrite one: NETLAB_DATA must name an empty folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with only_one():
                count = unpack(options["file"])
        except (Unfit, OSError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write(f"the lab is back: its database and {count} files. Start it with `make lab`.")
