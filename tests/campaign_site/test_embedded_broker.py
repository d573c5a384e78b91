"""The embedded broker: messages are whole, each is taken once, and tables are never read half-written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from campaign_site.embedded_broker import Channel, transport_options

BODY = {"text": "x" * 200_000}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with Connection("filesystem://", transport_options=transport_options(tmp_path)) as connection:
        yield connection


def take_all(channel: Channel, taken: list[Any], written: threading.Event) -> None:
    while True:
        is_last = written.is_set()
        try:
            taken.append(channel._get("work"))
        except Empty:
            if is_last:
                return


def test_the_settings_transport_is_ours(connection: Connection) -> None:
    assert isinstance(connection.channel(), Channel)


def test_messages_come_whole_and_once_while_others_write_and_read(connection: Connection) -> None:
    taken: list[Any] = []
    written = threading.Event()
    readers = [threading.Thread(target=take_all, args=(connection.channel(), taken, written)) for _ in range(3)]
    for reader in readers:
        reader.start()
    writer = connection.channel()

    for number in range(60):
        writer._put("work", {**BODY, "number": number})
    written.set()
    for reader in readers:
        reader.join()

    assert sorted(message["number"] for message in taken) == list(range(60))
    assert all(message["text"] == BODY["text"] for message in taken)


def test_a_message_that_is_being_written_is_not_taken(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "messages" / "1.draft").write_text('{"half":')

    with pytest.raises(Empty):
        connection.channel()._get("work")


def test_nothing_stays_in_the_folder_after_reading(connection: Connection, tmp_path: Path) -> None:
    channel = connection.channel()
    channel._put("work", BODY)
    channel._get("work")

    assert list((tmp_path / "messages").iterdir()) == []


def test_queues_that_are_bound_at_once_are_all_in_the_table(connection: Connection) -> None:
    exchange = Exchange("control", type="fanout")

    def bind(number: int) -> None:
        Queue(f"reply-{number}", exchange, channel=connection.channel()).declare()

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    bound = {row.queue for row in connection.channel().get_table("control")}
    assert bound == {f"reply-{number}" for number in range(8)}
