"""Checks that the locked requirements install for Python 3.11.2 from wheels alone, without installing anything.

3.11.2 is what Debian 12 ships: some packages need one dependency more there than on 3.11.3.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main(path: str) -> int:
    applicable = [line for line in _requirements(path) if _applies(line)]
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder) / "requirements.txt"
        chosen.write_text("\n".join(applicable))
        # --no-deps: the lock is complete. The markers were evaluated for 3.11.2, whatever runs this.
        platforms = [f"--platform={name}_x86_64" for name in ("manylinux_2_34", "manylinux_2_28", "manylinux2014")]
        command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += [
            "--only-binary=:all:",
            "--python-version=3.11.2",
            "--implementation=cp",
            "--abi=cp311",
            "--abi=abi3",
        ]
        command += ["--abi=none", *platforms, "--require-hashes", "-d", folder, "-r", str(chosen)]
        return subprocess.run(command, check=False).returncode


def _requirements(path: str) -> list[str]:
    text = Path(path).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if re.match(r"^[A-Za-z0-9]", line)]


def _applies(line: str) -> bool:
    marker = line.partition(";")[2].partition("--hash")[0].strip()
    if not marker:
        return True
    from pip._vendor.packaging.markers import Marker

    environment = {"python_version": "3.11", "python_full_version": "3.11.2", "sys_platform": "linux"}
    return Marker(marker).evaluate(environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
