from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0005_sub_workflows'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='workflow',
            options={'permissions': [('run_workflow', 'Can start, pause and stop workflows'), ('run_sql', 'Can draw and change SQL activities')], 'verbose_name': 'workflow', 'verbose_name_plural': 'workflows'},
        ),
    ]
