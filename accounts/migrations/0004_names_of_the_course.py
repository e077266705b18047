"""Rows of lab servers that were made before servers had further names get the course's, as new rows do."""

from django.db import migrations

# As servers/rows.py gave them when this was written.
COURSE = {
    "smtp": ["example.com", "www.example.com", "mail.myserver.com"],
    "ftp": ["ftp.vnd.net"],
    "http": ["www.example.com", "goccongnghe.net"],
}


def name(apps, schema_editor):
    rows = apps.get_model("accounts", "Server").objects.using(schema_editor.connection.alias)
    for row in rows.filter(lab=True, protocol__in=COURSE):
        if not row.aliases:
            row.aliases = COURSE[row.protocol]
            row.save(update_fields=["aliases"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_connection_test")]
    operations = [migrations.RunPython(name, migrations.RunPython.noop)]
