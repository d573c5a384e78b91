from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0006_receiver_memory")]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="rows_purged",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="log deleted"),
        ),
    ]
