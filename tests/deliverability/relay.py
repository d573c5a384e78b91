"""A real Postfix for one test: takes mails on loopback, passes them on to a sink that keeps them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import program

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = relay.example.net
mydestination =
local_transport = error:no local mail
relayhost = [127.0.0.1]:{sink}
smtp_host_lookup = native
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtputf8_enable = yes
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def running_postfix(folder: Path) -> Iterator[tuple[int, Path]]:
    """The port that takes mails, and the folder where each arrives as one file after the hop."""
    # Its owner differs: every folder on the way has to be open to it.
    arrived = folder / "arrived"
    arrived.mkdir()
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o755)
    os.chown(arrived, pwd.getpwnam("nobody").pw_uid, -1)
    port, sink_port = _free_port(), _free_port()
    _configure(folder, port, sink_port)
    sink = subprocess.Popen(
        [str(program("smtp-sink")), "-u", "nobody", "-d", "%H%M%S.", f"127.0.0.1:{sink_port}", "100"],
        cwd=arrived,
        stderr=subprocess.DEVNULL,
    )
    postfix = [str(program("postfix")), "-c", str(folder / "etc")]
    try:
        started = subprocess.run([*postfix, "start"], check=False, capture_output=True, text=True)
        log = folder / "log"
        assert started.returncode == 0, f"{started.stderr}\n{log.read_text() if log.exists() else 'no log'}"
        _wait_for(port)
        yield port, arrived
    finally:
        subprocess.run([*postfix, "stop"], check=False, capture_output=True)
        sink.terminate()
        sink.wait()


def mails_in(arrived: Path, expected: int, seconds: float = 60) -> list[bytes]:
    """The mails as they arrived, in CRLF lines, once there are as many as expected."""
    deadline = time.monotonic() + seconds
    while len(found := sorted(arrived.iterdir())) < expected and time.monotonic() < deadline:
        time.sleep(0.1)
    # The last one may still be open.
    time.sleep(0.5)
    return [path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path in found]


def _configure(folder: Path, port: int, sink_port: int) -> None:
    settings, owner = folder / "etc", pwd.getpwnam("postfix").pw_uid
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner, -1)
    (settings / "main.cf").write_text(MAIN.format(folder=folder, sink=sink_port))
    (settings / "master.cf").write_text(MASTER.format(port=port))
    for name in ("dynamicmaps.cf", "postfix-files"):
        source = Path("/etc/postfix") / name
        if source.exists():
            shutil.copy(source, settings)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("Postfix does not listen.")
