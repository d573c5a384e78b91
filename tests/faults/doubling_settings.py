"""The product's settings; each task is published three times, Redis gives back soon, and each start is written down."""

from __future__ import annotations

import json
from typing import Any

from celery import Celery
from celery.signals import task_prerun
from celery.utils import uuid

from campaign_site.settings import *  # noqa: F403
from campaign_site.settings import BROKER_URL, VAR_DIR

COPIES = 3
STARTS = VAR_DIR / "starts.jsonl"
# What nobody acknowledged within a second is given to another worker; by default that is looked for now and then only.
if BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 1,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }

publish = Celery.send_task


def publish_copies(app: Celery, *arguments: Any, **options: Any) -> Any:
    options["task_id"] = options.get("task_id") or uuid()
    answers = [publish(app, *arguments, **options) for _number in range(COPIES)]
    return answers[0]


def write_start(task_id: str, task: Any, args: Any, kwargs: dict[str, Any], **_more: Any) -> None:
    redelivered = bool((task.request.delivery_info or {}).get("redelivered"))
    document = {"id": task_id, "name": task.name, "kwargs": kwargs, "redelivered": redelivered}
    with STARTS.open("a") as file:
        file.write(json.dumps(document) + "\n")


Celery.send_task = publish_copies
task_prerun.connect(write_start, weak=False)
