"""A model of somebody else's app, with a path to the recipient: what an installation registers as a criterion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

from recipients import criteria
from recipients.models import Recipient


class Purchase(models.Model):
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    product = models.CharField(max_length=50, blank=True, default="")
    quantity = models.IntegerField(null=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    bought_on = models.DateField(null=True)

    objects: models.Manager[Purchase] = models.Manager()

    class Meta:
        app_label = "shop_of_the_tests"
        db_table = "shop_purchase"


@contextmanager
def purchases() -> Iterator[None]:
    """The model's table and its registration, for the duration of a test's transaction."""
    key = "bigserial PRIMARY KEY" if connection.vendor == "postgresql" else "integer PRIMARY KEY AUTOINCREMENT"
    columns = "recipient_id bigint, product varchar(50), quantity integer, amount decimal(10, 2), bought_on date"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE shop_purchase (id {key}, {columns})")
    criteria.register("purchases", model=Purchase)
    try:
        yield
    finally:
        del criteria.related_models._entries["purchases"]
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE shop_purchase")
