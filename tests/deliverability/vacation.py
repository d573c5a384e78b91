"""Dovecot as the receiver of one mail: a mailbox whose owner is away, and what it answers."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from tests.services import program

SCRIPT = 'require ["vacation"];\nvacation :days 1 :addresses ["{owner}"] "I am away.";\n'
SETTINGS = """
ssl = no
mail_location = maildir:{folder}/box
mail_home = {folder}
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
log_path = /dev/stderr
postmaster_address = postmaster@example.net
"""


class Absent:
    """Somebody who is away. Dovecot takes each mail as it does at delivery, and writes down what it answers."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder = folder
        self.owner = owner
        (folder / "box").mkdir()
        (folder / "away.sieve").write_text(SCRIPT.format(owner=owner))
        (folder / "dovecot.conf").write_text(SETTINGS.format(folder=folder))
        # It works as nobody, who has to get there.
        nobody = pwd.getpwnam("nobody").pw_uid
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody, -1)
        for path in (folder, *folder.parents):
            if path.stat().st_uid in (os.geteuid(), nobody) and path != Path("/"):
                path.chmod(path.stat().st_mode | 0o755)

    def receive(self, mail: bytes, sender: str) -> tuple[str, str]:
        """Deliver one mail, as the program that keeps the mailbox does: the answer, and what its log says of it."""
        path = self.folder / "mail.eml"
        path.write_bytes(mail)
        path.chmod(0o644)
        command = [str(program("sieve-test")), "-e", "-c", str(self.folder / "dovecot.conf")]
        command += ["-l", f"maildir:{self.folder}/box", "-f", sender, "-a", self.owner, "-r", self.owner]
        done = subprocess.run(
            [*command, str(self.folder / "away.sieve"), str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and "stored mail into mailbox" in done.stderr, done.stderr
        return done.stdout, done.stderr
