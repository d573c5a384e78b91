"""nodemailer with pooled connections, installed by npm into a folder of its own; absent where npm is."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings

from benchmarks.peers.mail import SENDER
from benchmarks.peers.rendered import rendered
from benchmarks.peers.smtp import SESSIONS

VERSION = "10.6.0"
_SCRIPT = Path(__file__).with_name("nodemailer.mjs")


def why_absent() -> str:
    """Why it can't be measured here; empty if it can."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are absent"
    folder = _folder()
    if not (folder / "node_modules" / "nodemailer").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        quickly = ["--silent", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=20000"]
        command = ["npm", "install", *quickly, f"nodemailer@{VERSION}"]
        if subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL).returncode:
            return "npm could not install it"
    return ""


def time_nodemailer(messages: int, port: int) -> float:
    """Seconds to send so many mails, rendered beforehand."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"sender": SENDER, "mails": rendered(messages)}, file)
        file.flush()
        command = ["node", str(_SCRIPT), file.name, str(port), str(SESSIONS)]
        done = subprocess.run(command, cwd=_folder(), check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.splitlines()[-1])


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "benchmarks" / "nodemailer"
