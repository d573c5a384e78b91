"""Filling the database: customers, story, past mornings; a start that was interrupted goes on where it stopped."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign_site.demo.past import MORNINGS, add_past_mornings
from campaign_site.demo.people import add_people, fill_list, quarantine_some, subscribe_some
from campaign_site.demo.plans import ask_for_approval, lay_plans
from campaign_site.demo.progress import Progress
from campaign_site.demo.story import TIME_ZONE, Story, find_story, tell_story
from deliveries.reach import PAUSE, count_new_people_due, count_reach_due
from operations.models import WorkflowRun
from recipients.models import Recipient

LOGIN = "demo"


def last_morning(now: datetime) -> datetime:
    """The newest 06:00 in the demo's time zone."""
    zone = ZoneInfo(TIME_ZONE)
    today = datetime.combine(now.astimezone(zone).date(), time(6), tzinfo=zone)
    return today if today <= now else today - timedelta(days=1)


def fill(*, recipients: int, now: datetime, output: TextIO) -> Story:
    """Fill an empty database; one that was filled before keeps its rows and gets the customers it lacks."""
    morning = last_morning(now)
    missing = recipients - Recipient.objects.count()
    if missing > 0:
        progress = Progress(_("Customers"), missing, output)
        add_people(count=missing, today=morning.date(), now=now, show=progress.show)
    story = find_story() or _begin_story(now)
    if WorkflowRun.objects.filter(workflow=story.birthday).count() < MORNINGS:
        progress = Progress(_("Past mornings"), MORNINGS, output)
        add_past_mornings(story, before=morning, show=progress.show)
        ask_for_approval(now)
        count_new_people_due(now)
        # Dated back, so that the sweep counts this morning's run without waiting.
        count_reach_due(now - PAUSE)
    return story


@transaction.atomic
def _begin_story(now: datetime) -> Story:
    owner = User.objects.filter(username=LOGIN).first()
    story = tell_story(now=now, owner=owner)
    quarantine_some()
    subscribe_some(story.newsletter)
    fill_list(story.french, "FR")
    fill_list(story.british, "GB")
    lay_plans(story, now=now, owner=owner)
    return story


def demo_password() -> str:
    """The login's password: made once, kept beside the database and nowhere else."""
    path = Path(settings.VAR_DIR) / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    password = path.read_text().strip()
    user, created = get_user_model().objects.get_or_create(
        username=LOGIN, defaults={"is_staff": True, "is_superuser": True}
    )
    if created or not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return password
