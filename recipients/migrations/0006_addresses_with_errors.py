from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recipients', '0005_significant_errors'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='quarantine',
            index=models.Index(
                fields=['channel', 'address'], condition=models.Q(status=1), name='quarantine_with_errors'
            ),
        ),
    ]
