"""Indexes for people found by the beginning of their address or name.

They belong to PostgreSQL alone, where LIKE needs an operator class; other databases search without.
"""

from django.db import migrations

COLUMNS = ("email", "first_name", "last_name")


def create(apps, editor):
    if editor.connection.vendor == "postgresql":
        for column in COLUMNS:
            editor.execute(
                f"CREATE INDEX IF NOT EXISTS recipient_{column}_begins"
                f" ON recipients_recipient (lower({column}) text_pattern_ops)"
            )
        # Until the planner knows how rare a beginning is, it walks the table.
        editor.execute("ANALYZE recipients_recipient")


def drop(apps, editor):
    if editor.connection.vendor == "postgresql":
        for column in COLUMNS:
            editor.execute(f"DROP INDEX IF EXISTS recipient_{column}_begins")


class Migration(migrations.Migration):
    dependencies = [("recipients", "0003_attributes_and_saved_filters")]

    operations = [migrations.RunPython(create, drop)]
