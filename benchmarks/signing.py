"""DKIM-signed messages per second and core against the raw rate of the same private key in `cryptography`.

Raw: the private operation alone on data of the size that DKIM signs. Ours: the header, the body and its relaxed form
in, as a renderer has them; the signed message out. Rounds alternate between both, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import django

django.setup()

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: E402
from cryptography.hazmat.primitives.hashes import SHA256  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.peers.mail import HTML, SENDER, SUBJECT, TEXT  # noqa: E402
from benchmarks.report import line, median_and_range, table, verdict  # noqa: E402
from deliveries.channels.base import OutgoingRow  # noqa: E402
from deliveries.channels.email.dkim import DkimSigner, Key, PrivateKey, relaxed_body  # noqa: E402
from deliveries.channels.email.mime import EmailRenderer  # noqa: E402
from deliveries.content.versions import freeze  # noqa: E402
from deliveries.models import Delivery  # noqa: E402

TARGET = 0.85
# What is signed: the canonical header with the signature's own field.
SIGNED_BYTES = 1_100


def main() -> None:
    options = _options()
    call_command("migrate", verbosity=0)
    content = _message()
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    found = {
        "RSA-2048": _compare(rsa, lambda data: rsa.sign(data, PKCS1v15(), SHA256()), content, options),
        "Ed25519": _compare(edwards := Ed25519PrivateKey.generate(), edwards.sign, content, options),
    }
    _show(found, len(content), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000, help="signatures a round")
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def _message() -> bytes:
    delivery = Delivery.objects.create(label="Benchmark", subject=SUBJECT, html=HTML, text=TEXT, from_email=SENDER)
    row = OutgoingRow(10**9, "person@example.com", {"first_name": "Élodie", "last_name": "Léger"})
    return EmailRenderer(delivery, freeze(delivery)).render(row).content


def _compare(
    private: PrivateKey, raw: Callable[[bytes], bytes], content: bytes, options: argparse.Namespace
) -> list[tuple[float, float]]:
    """Signatures per second of processor time, raw and ours, for each round."""
    signer, data = DkimSigner([Key("example.com", "benchmark", private)]), b"x" * SIGNED_BYTES
    head, blank, body = content.partition(b"\r\n\r\n")
    head, relaxed = head + blank, relaxed_body(body)
    return [
        (
            _rate(lambda: raw(data), options.messages),
            _rate(lambda: signer.sign_parts(head, body, relaxed), options.messages),
        )
        for _round in range(options.rounds)
    ]


def _rate(sign: Callable[[], bytes], times: int) -> float:
    started = time.process_time()
    for _time in range(times):
        sign()
    return times / (time.process_time() - started)


def _show(found: dict[str, list[tuple[float, float]]], size: int, options: argparse.Namespace) -> None:
    ratios = {name: statistics.median(ours / raw for raw, ours in rounds) for name, rounds in found.items()}
    line(f"a message of {size:,} bytes, {options.rounds} rounds of {options.messages:,}: medians [lowest-highest]")
    rows = [
        [
            name,
            median_and_range([raw for raw, _ours in rounds]),
            median_and_range([ours for _raw, ours in rounds]),
            f"{ratios[name]:.1%}",
        ]
        for name, rounds in found.items()
    ]
    table(["", "raw signatures/s", "signed messages/s", "of raw"], rows)
    verdict("signing", ratio=ratios["RSA-2048"], target=TARGET, ed25519=round(ratios["Ed25519"], 3))


if __name__ == "__main__":
    main()
