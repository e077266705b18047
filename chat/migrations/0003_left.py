from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_open_from'),
    ]

    operations = [
        migrations.AddField(
            model_name='stay',
            name='left',
            field=models.BooleanField(default=False),
        ),
    ]
