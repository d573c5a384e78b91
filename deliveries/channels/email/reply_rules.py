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
    "4.2": UNREACHABLE,
    "4.3": UNREACHABLE,
    "4.4": INVALID_DOMAIN,
    "6.7": UNSUPPORTED,
    "7.8": ABOUT_US,
    "7.9": ABOUT_US,
    "7.13": DISABLED,
    "7.14": ABOUT_US,
    # A recipient who takes mail from some senders only: nothing is wrong with the others of the domain.
    **{f"7.{detail}": UNWELCOME for detail in (2, 3, 124, 129, 133, 134, 135, 136, 193)},
    **{f"7.{detail}": ABOUT_US for detail in range(20, 30)},
}
# Some providers number their refusals of senders in the hundreds (5.7.5xx to 5.7.7xx).
SENDER_POLICY = re.compile(r"7\.[5-7]\d\d")
BY_SUBJECT = {"3": UNREACHABLE, "4": UNREACHABLE, "6": UNWELCOME, "7": UNWELCOME}


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# In this order: what accuses us comes early, for a wrong blame of an address is not undone by itself.
WORDS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    # A mailbox or list that takes mail from some senders only.
    (_words(r"\brestricted\b.{0,30}\b(?:recipient|mailbox|address|list)", r"\bresolver\.rst\."), UNWELCOME),
    # An Exchange that knows its users says this of the others.
    (_words(r"\b5\.4\.1\b.{0,60}\brecipient address rejected"), UNKNOWN_USER),
    (
        _words(
            r"\b(?:relay(?:ing)?|relay access) (?:is )?(?:denied|not permitted|not allowed|prohibited)",
            r"\bunable to relay\b",
            r"\bnot (?:allowed|permitted|authori[sz]ed) to (?:relay|send)\b",
            r"\b(?:smtp )?auth(?:enti(?:cation|cate))?\b.{0,30}\b(?:required|needed|first|failed|fails)",
            r"\b(?:turn on|enable|use|requires?)\b.{0,12}\b(?:smtp )?auth(?:entication)?\b",
            r"\bunauthenticated\b",
            r"\bnot authenticated\b",
            r"\b(?:client|sending|mail) (?:host|server)\b.{0,30}\b(?:rejected|denied|blocked|refused)",
            r"\b(?:block|black|deny|drop|reputation)[ -]?list(?:ed|s|ing)?\b",
            r"\b(?:ip|address|host|domain|server|client|sender|\d+\.\d+\.\d+\.\d+)\b.{0,40}(?<!not )\blisted\b",
            r"\b(?:dnsbl|rbl|spamhaus|spamcop|barracuda(?:central)?|sorbs|uceprotect|senderbase|senderscore)\b",
            r"\bblocked\b(?!.{0,40}\b(?:content|attachment|virus|file))"
            r".{0,40}\b(?:using|by|ip|address|sender|due|because)\b",
            r"\bbanned\b(?!.{0,20}\b(?:content|attachment|file|word))",
            r"\b(?:ip|ip address|host|server|client)\b.{0,40}\b(?:blocked|banned|bad reputation|poor reputation)",
            r"\breputation\b",
            r"\b(?:invalid|bad|suspicious|dynamic)\b.{0,12}\bip\b",
            r"\bip\b.{0,40}\bnot (?:authori[sz]ed|allowed|permitted|accepted)\b",
            r"\bconnections?\b.{0,20}\bnot accepted\b",
            r"\bsender\b.{0,30}\b(?:rejected|denied|refused|blocked|not allowed|verif|invalid|unknown|not exist)",
            r"\b(?:sender|sending|from|envelope)\b.{0,20}\b(?:address|domain)\b.{0,60}"
            r"\b(?:rejected|denied|refused|blocked|not exist|not found|resolve)",
            r"\b(?:spf|dkim|dmarc)\b",
            r"\breverse[ -]?(?:dns|lookup|hostname)\b",
            r"\brdns\b",
            r"\bptr\b.{0,12}\brecord",
            r"\b(?:cannot|can.?t|could not) (?:find|resolve)\b.{0,20}\b(?:your|client|reverse)\b",
            r"\btoo many (?:connections|messages|complaints)\b(?!.{0,20}\bmailbox)",
            r"\b(?:user|spam) complaints\b",
            r"\b(?:helo|ehlo)\b.{0,40}\b(?:rejected|denied|invalid|refused|mismatch)",
        ),
        ABOUT_US,
    ),
    (
        _words(
            r"\b(?:over|exceed(?:s|ed|ing)?|out of|exhausted)\b.{0,25}\b(?:quota|storage|disk|space)",
            r"\b(?:over|disk)\s?quota\b",
            r"\bquota\b.{0,25}\b(?:exceed|full|reached|over|violation)",
            r"\b(?:(?:mail|in)\s?box|mail ?folder|account|user)\b.{0,25}\b(?:full|over\s?quota|too large)\b",
            r"\b(?:insufficient|not enough|no)\b.{0,20}\b(?:storage|space)\b",
            r"\btoo many messages\b.{0,20}\bmailbox\b",
            r"\bboîte\b.{0,30}\bpleine\b",
            r"\bpostfach\b.{0,20}\bvoll\b",
            r"\bbuz[oó]n\b.{0,20}\blleno\b",
        ),
        FULL,
    ),
    (
        _words(
            r"\b(?:account|mailbox|user|recipient|address)\b.{0,40}"
            r"\b(?:disabled|suspended|inactive|locked|deactivated|expired|blocked|frozen|not active|closed)",
            r"\b(?:disabled|suspended|inactive|deactivated|expired|closed)\b.{0,20}"
            r"\b(?:account|mailbox|user|recipient|address)",
        ),
        DISABLED,
    ),
    (
        _words(
            r"\bmessage\b.{0,40}\b(?:too (?:large|big|long)|size)\b",
            r"\bspam\b",
            r"\bunsolicited\b",
            r"\b(?:content|message|virus|attachment)\b.{0,30}\b(?:rejected|refused|denied|blocked|banned|not accepted)",
            r"\b(?:virus|malware|phishing)\b",
            r"\bpolicy\b",
            r"\bprotocol violation\b",
            r"\b8-?bit\b",
        ),
        UNWELCOME,
    ),
    (
        _words(
            r"\bhost\b.{0,30}\b(?:unknown|not found)",
            r"\bunknown (?:host|domain)\b",
            r"\bdomain\b.{0,30}\b(?:not found|unknown|invalid|does(?: not|n.t) exist|accepts? no mail|not accept)",
            r"\bno such (?:domain|host)\b",
            r"\bunrouteable (?:mail )?domain\b",
            r"\bnull ?mx\b",
        ),
        INVALID_DOMAIN,
    ),
    (
        _words(
            r"\b(?:user|recipient|mailbox|address|account|addressee|utilisateur|destinataire|empf[äa]nger|benutzer|"
            r"usuario|destinatario)\b.{0,60}"
            r"\b(?:unknown|not found|not known|not (?:a )?valid|invalid|invalide|inconnue?|unavailable|not exist|"
            r"no longer|undeliverable|not listed|unbekannt|desconocido|inexistente|sconosciuto)",
            r"\b(?:unknown|invalid|bad|no such|nonexist[ae]nt|non-exist[ae]nt|unrouteable|undeliverable)\b.{0,20}"
            r"\b(?:user|recipient|mailbox|local[- ]part|person|account|destination|addressee|address|customer)",
            r"\b(?:does(?: not|n.?t)|do(?: not|n.?t)|didn.?t) (?:exist|have an?\b.{0,20}account)",
            r"\bno (?:mailbox|user|account|recipient)\b",
            r"\b(?:not|isn.?t) (?:our|a) (?:user|customer)\b",
            r"\bnot listed in\b.{0,30}\b(?:directory|address book)",
            r"\bnot known (?:here|at this)\b",
            r"\b(?:inconnu|n'existe pas|no existe|não existe)",
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
# Codes of AUTH: without good credentials the server takes nothing from us.
CREDENTIALS = frozenset({530, 534, 535, 538})
# A temporary refusal with these words is about how much and how fast we send…
RATE = _words(
    r"\brate\b.{0,20}\b(?:limit|exceed|control)",
    r"\b(?:rate|connection|message|sending)[- ]?limit",
    r"\bthrottl",
    r"\bslow(?:er| down)\b",
    r"\btoo (?:many|much|fast|frequent)\b",
    r"\bexceeded\b.{0,40}\b(?:limit|rate|number|maximum)\b",
    r"\bunexpected volume\b",
    r"\bunusual(?:ly)?\b.{0,20}\b(?:rate|volume|amount|traffic|high)",
    r"\breceiving mail at a rate\b",
    r"\btemporarily (?:deferred|rate)",
)
# …and with these about who we are: whoever comes again is let in.
GREYLISTED = _words(r"\bgr[ea]y[- ]?list")
