from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0005_mta_limits_and_inbound")]

    operations = [
        migrations.AddField(
            model_name="groupstate",
            name="measured_rate",
            field=models.FloatField(blank=True, null=True, verbose_name="messages per second measured"),
        ),
        migrations.AddField(
            model_name="groupstate",
            name="pauses",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="pauses"),
        ),
        migrations.AddField(
            model_name="groupstate",
            name="suspected",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="suspected reply"
            ),
        ),
    ]
