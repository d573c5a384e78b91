from django.db import migrations


def leave_room(apps, schema_editor):
    # Half-full pages let PostgreSQL write a status in place (HOT), without touching an index.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE deliveries_broadlog SET (fillfactor = 50)")


def fill_up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE deliveries_broadlog RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0001_initial")]
    operations = [migrations.RunPython(leave_room, fill_up)]
