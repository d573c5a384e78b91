from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0007_delivery_rows_purged")]
    operations = [
        migrations.CreateModel(
            name="MessageInDoubt",
            fields=[],
            options={
                "verbose_name": "message in doubt",
                "verbose_name_plural": "messages in doubt",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("deliveries.broadlog",),
        ),
        migrations.AddIndex(
            model_name="broadlog",
            index=models.Index(
                condition=models.Q(("in_doubt_since__isnull", False)),
                fields=["delivery", "id"],
                name="broadlog_in_doubt",
            ),
        ),
        migrations.AddField(
            model_name="deliverypart",
            name="crashes",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="crashes"),
        ),
    ]
