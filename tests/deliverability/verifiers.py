"""Other people's readers: two verifiers of DKIM signatures, and a second reader of MIME."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.services import SYSTEM_PYTHON, program

_DKIMPY = """
import dkim, json, sys
records, files = json.load(sys.stdin)
for name in files:
    with open(name, "rb") as mail:
        signed = dkim.DKIM(mail.read())
    count = sum(field == b"dkim-signature" for field, value in ((k.lower(), v) for k, v in signed.headers))
    find = lambda name, timeout=5: records[name.decode().rstrip(".")].encode()
    results = []
    for index in range(count):
        try:
            results.append(signed.verify(idx=index, dnsfunc=find))
        except dkim.DKIMException:
            results.append(False)
    print(json.dumps(results))
"""
_EMAIL_MIME = """
use Email::MIME; use JSON::PP; binmode(STDOUT, ":raw");
for my $name (@ARGV) {
    open(my $file, "<:raw", $name) or die; local $/; my $mail = Email::MIME->new(<$file>);
    my %parts; $mail->walk_parts(sub { my $part = shift;
        $parts{$part->content_type =~ s/;.*//sr} = $part->body_str unless $part->subparts; });
    my %fields = map { lc($_) => $mail->header_str($_) } $mail->header_names;
    print encode_json({ fields => \\%fields, parts => \\%parts }), "\\n";
}
"""


def write_mails(folder: Path, mails: Iterable[bytes]) -> list[Path]:
    paths = []
    for number, mail in enumerate(mails):
        path = folder / f"{number}.eml"
        path.write_bytes(mail)
        paths.append(path)
    return paths


def dkimpy(records: Mapping[str, str], mails: list[Path]) -> list[list[bool]]:
    """For each mail, whether each of its signatures holds."""
    task = json.dumps([dict(records), [str(path) for path in mails]])
    done = subprocess.run([SYSTEM_PYTHON, "-c", _DKIMPY], input=task, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def opendkim(folder: Path, records: Mapping[str, str], mails: list[Path]) -> list[list[str]]:
    """For each mail, the results that opendkim as verifier writes: pass, fail, …"""
    keys, settings = folder / "opendkim.keys", folder / "opendkim.conf"
    keys.write_text("".join(f"{name} {value}\n" for name, value in records.items()))
    settings.write_text(f"Mode v\nTestPublicKeys {keys}\nSyslog no\nAlwaysAddARHeader yes\n")
    answers = []
    for mail in mails:
        # It reads lines as Unix has them.
        copy = folder / "one.eml"
        copy.write_bytes(mail.read_bytes().replace(b"\r\n", b"\n"))
        command = [str(program("opendkim")), "-f", "-x", str(settings), "-vv", "-t", str(copy)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answers.append(re.findall(r"\bdkim=(\w+)", done.stdout))
    return answers


def email_mime(mails: list[Path]) -> list[dict[str, Any]]:
    """For each mail, `fields` (decoded, by lower-case name) and `parts` (text by content type), as Perl reads them."""
    command = ["perl", "-e", _EMAIL_MIME, *map(str, mails)]
    done = subprocess.run(command, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
