"""What travels on a transition: a set of recipients, kept in the database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.models.run import ActivityRun
from recipients.models import Recipient


class Population(models.Model):
    """The people who left one task through one outlet."""

    task = models.ForeignKey(ActivityRun, on_delete=models.CASCADE, related_name="populations", verbose_name=_("task"))
    outlet = models.CharField(_("outlet"), max_length=100)
    count = models.PositiveBigIntegerField(_("count"), default=0)
    # The population whose added data goes with these people: itself, or one that they came from.
    data_source = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("added data")
    )

    class Meta:
        verbose_name = _("population")
        verbose_name_plural = _("populations")
        constraints = [models.UniqueConstraint(fields=["task", "outlet"], name="population_once_per_outlet")]


class PopulationMember(models.Model):
    """Volume table: its key is the pair; no constraint to the recipients, who are erased but never deleted."""

    pk = models.CompositePrimaryKey("population_id", "recipient_id")
    population = models.ForeignKey(
        Population, on_delete=models.CASCADE, related_name="members", db_constraint=False, db_index=False
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("member of a population")
        verbose_name_plural = _("members of a population")


class PopulationData(models.Model):
    """Volume table: the data that an activity added to a person in a population, for the activities after it."""

    pk = models.CompositePrimaryKey("population_id", "recipient_id")
    population = models.ForeignKey(
        Population, on_delete=models.CASCADE, related_name="data", db_constraint=False, db_index=False
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    data = models.JSONField()

    class Meta:
        verbose_name = _("added data")
        verbose_name_plural = _("added data")
