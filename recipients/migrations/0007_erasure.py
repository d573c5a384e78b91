from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recipients", "0006_addresses_with_errors")]
    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient_id", models.BigIntegerField(unique=True, verbose_name="recipient")),
                ("hash", models.CharField(blank=True, default="", max_length=64)),
                ("erased_at", models.DateTimeField(verbose_name="erased at")),
            ],
            options={"verbose_name": "erasure", "verbose_name_plural": "erasures"},
        ),
        migrations.AddIndex(model_name="erasure", index=models.Index(fields=["hash"], name="erasure_hash")),
        migrations.AlterModelOptions(
            name="recipient",
            options={
                "permissions": [("erase_recipient", "Can erase people and export all that is kept of them")],
                "verbose_name": "recipient",
                "verbose_name_plural": "recipients",
            },
        ),
    ]
