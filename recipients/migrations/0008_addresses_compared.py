"""The address as compared and the verdict on it become columns; the index on lower(email) gives way to the first one's."""

from django.db import migrations, models
from django.db.models.functions import Lower, Trim

from recipients.plausible import IsPlausible


class Migration(migrations.Migration):
    dependencies = [("recipients", "0007_erasure")]

    operations = [
        migrations.RemoveIndex(model_name="recipient", name="recipient_lower_email"),
        migrations.AddField(
            model_name="recipient",
            name="email_key",
            field=models.GeneratedField(
                expression=Lower(Trim("email")), output_field=models.CharField(max_length=254), db_persist=True
            ),
        ),
        migrations.AddField(
            model_name="recipient",
            name="email_plausible",
            field=models.GeneratedField(
                expression=IsPlausible("email"), output_field=models.BooleanField(), db_persist=True
            ),
        ),
        migrations.AddIndex(
            model_name="recipient", index=models.Index(fields=["email_key"], name="recipient_email_key")
        ),
    ]
