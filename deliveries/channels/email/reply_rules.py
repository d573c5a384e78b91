"""What enhanced codes and the words of a reply mean. Rules only; `replies` applies them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from recipients.vocabulary import FailureReason, FailureType


class Fault(enum.Enum):
    """Whose fault a refusal is."""

    ADDRESS = "address"  # nobody will ever read mail there
    MAILBOX = "mailbox"  # the mailbox is there and takes nothing now
    MESSAGE = "message"  # this message is unwelcome, another may pass
    OURS = "ours"  # our address, our name, our credentials: whoever the recipient is
    SERVER = "server"  # the server or the network on its way


@dataclass(frozen=True, slots=True)
class Meaning:
    fault: Fault
    reason: FailureReason
    # As long as the refusal is permanent; a temporary one is always soft.
    failure_type: FailureType = FailureType.SOFT


UNKNOWN_USER = Meaning(Fault.ADDRESS, FailureReason.USER_UNKNOWN, FailureType.HARD)
INVALID_DOMAIN = Meaning(Fault.ADDRESS, FailureReason.INVALID_DOMAIN, FailureType.HARD)
DISABLED = Meaning(Fault.MAILBOX, FailureReason.ACCOUNT_DISABLED)
FULL = Meaning(Fault.MAILBOX, FailureReason.MAILBOX_FULL)
UNWELCOME = Meaning(Fault.MESSAGE, FailureReason.REFUSED)
UNSUPPORTED = Meaning(Fault.MESSAGE, FailureReason.BAD_QUALITY, FailureType.IGNORED)
ABOUT_US = Meaning(Fault.OURS, FailureReason.REFUSED)
UNREACHABLE = Meaning(Fault.SERVER, FailureReason.UNREACHABLE)

# By subject.detail of the enhanced code (RFC 3463 and its registry). Absent: the words decide.
ENHANCED: dict[str, Meaning] = {
    "1.1": UNKNOWN_USER,
    "1.2": INVALID_DOMAIN,
    "1.3": UNKNOWN_USER,
    "1.6": UNKNOWN_USER,
    "1.10": UNKNOWN_USER,
    "1.7": ABOUT_US,
    "1.8": ABOUT_US,
    "2.1": DISABLED,
    "2.2": FULL,
    "2.3": UNWELCOME,
    "3.4": UNWELCOME,
    "4.1": UNREACHABLE,
    "4.2": UNREACHABLE,
    "4.3": UNREACHABLE,
    "4.4": INVALID_DOMAIN,
    "6.7": UNSUPPORTED,
    "7.8": ABOUT_US,
    "7.9": ABOUT_US,
    "7.13": DISABLED,
    "7.14": ABOUT_US,
    **{f"7.{detail}": ABOUT_US for detail in range(20, 30)},
}
# Some providers number their refusals of senders in the hundreds (5.7.5xx to 5.7.7xx).
SENDER_POLICY = re.compile(r"7\.[5-7]\d\d")
# Codes that say no more than their class: the words of the reply are asked first.
VAGUE = re.compile(r"0\.\d+|1\.0|2\.0|3\.[01235]|5\.\d+|7\.[01]|6\.\d+")
BY_SUBJECT = {"3": UNREACHABLE, "4": UNREACHABLE, "6": UNWELCOME, "7": UNWELCOME}


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# In this order: what accuses us comes first, for a wrong blame of an address is not undone by itself.
WORDS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (
        _words(
            r"\b(?:relay(?:ing)?|relay access) (?:is )?(?:denied|not permitted|not allowed|prohibited)",
            r"\bunable to relay\b",
            r"\bnot allowed to relay\b",
            r"\bauthenti(?:cation|cate)\b.{0,30}\b(?:required|needed|first|failed|fails)",
            r"\b(?:client|sending) host\b.{0,30}\b(?:rejected|denied|blocked|refused)",
            r"\b(?:block|black|deny|reputation)[ -]?list(?:ed|s)?\b",
            r"\b(?:dnsbl|rbl|spamhaus|spamcop|barracuda(?:central)?|sorbs|uceprotect|senderbase|senderscore)\b",
            r"\bblocked\b.{0,40}\b(?:using|by|ip|address|sender|due|because)\b",
            r"\bbanned\b",
            r"\b(?:ip|ip address|host|server|client)\b.{0,40}\b(?:blocked|banned|bad reputation|poor reputation)",
            r"\breputation\b",
            r"\b(?:invalid|bad|suspicious|dynamic)\b.{0,12}\bip\b",
            r"\bsender\b.{0,30}\b(?:rejected|denied|refused|blocked|not allowed|verif|invalid|unknown|not exist)",
            r"\b(?:spf|dkim|dmarc)\b",
            r"\breverse (?:dns|lookup|hostname)\b",
            r"\bptr\b.{0,12}\brecord",
            r"\btoo many (?:connections|messages|complaints)\b",
            r"\b(?:user|spam) complaints\b",
            r"\bhelo\b.{0,40}\b(?:rejected|denied|invalid|refused)",
        ),
        ABOUT_US,
    ),
    (
        _words(
            r"\b(?:over|exceed(?:s|ed|ing)?|out of)\b.{0,25}\b(?:quota|storage)",
            r"\bquota\b.{0,25}\b(?:exceed|full|reached|over)",
            r"\b(?:mail)?box\b.{0,25}\b(?:full|over\s?quota|too large)",
            r"\binsufficient\b.{0,20}\bstorage\b",
            r"\bboîte\b.{0,30}\bpleine\b",
        ),
        FULL,
    ),
    (
        _words(
            r"\b(?:account|mailbox|user|recipient|address)\b.{0,40}"
            r"\b(?:disabled|suspended|inactive|locked|deactivated|expired|blocked|frozen|not active)",
            r"\b(?:disabled|suspended|inactive|deactivated|expired)\b.{0,20}\b(?:account|mailbox|user|recipient|address)",
        ),
        DISABLED,
    ),
    (
        _words(
            r"\bmessage\b.{0,40}\b(?:too (?:large|big)|size)\b",
            r"\bspam\b",
            r"\b(?:content|message|virus|attachment)\b.{0,30}\b(?:rejected|refused|denied|blocked|not accepted)",
            r"\bpolicy\b",
            r"\b8-?bit\b",
        ),
        UNWELCOME,
    ),
    (
        _words(
            r"\bhost\b.{0,15}\b(?:unknown|not found)",
            r"\bunknown host\b",
            r"\bdomain\b.{0,30}\b(?:not found|unknown|invalid|does(?: not|n.t) exist|accepts? no mail|not accept)",
            r"\bno such (?:domain|host)\b",
            r"\bnull ?mx\b",
        ),
        INVALID_DOMAIN,
    ),
    (
        _words(
            r"\b(?:user|recipient|mailbox|address|account|addressee|utilisateur|destinataire)\b.{0,60}"
            r"\b(?:unknown|not found|not known|not (?:a )?valid|invalid|invalide|inconnue?|unavailable|not exist|"
            r"no longer|undeliverable)",
            r"\b(?:unknown|invalid|bad|no such|nonexist[ae]nt|non-exist[ae]nt)\b.{0,20}"
            r"\b(?:user|recipient|mailbox|local[- ]part|person|account|destination|addressee)",
            r"\b(?:does(?: not|n.?t)|do(?: not|n.?t)|didn.?t) (?:exist|have an?\b.{0,20}account)",
            r"\bno (?:mailbox|user|account|recipient)\b",
            r"\bnot (?:our|a) (?:user|customer)\b",
            r"\b(?:inconnu|n'existe pas)",
        ),
        UNKNOWN_USER,
    ),
    (
        _words(
            r"\btime[- ]?d? ?out\b",
            r"\b(?:connection|service|server)\b.{0,30}\b(?:refused|unavailable|not available|too busy|failed)",
            r"\brout(?:e|ing)\b.{0,20}\b(?:loop|failed|error)",
            r"\btoo many hops\b",
            r"\b(?:mailer|system|configuration)\b.{0,20}\berror\b",
        ),
        UNREACHABLE,
    ),
)
# A basic code says something only at RCPT, and less than any words.
AT_RECIPIENT = {521: INVALID_DOMAIN, 551: UNKNOWN_USER, 552: FULL, 556: INVALID_DOMAIN}
# The only refusals of a MAIL command that are about the message: its size and its need of SMTPUTF8.
AT_MAIL = frozenset({"2.3", "3.4", "6.7"})
