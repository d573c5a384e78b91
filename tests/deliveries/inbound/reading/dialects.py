"""Bounces as the families of mail systems write them. Composed for these tests; all names and addresses are made up."""

from __future__ import annotations

from dataclasses import dataclass

from recipients.vocabulary import FailureReason, FailureType

HARD, SOFT, IGNORED, UNDEFINED = FailureType.HARD, FailureType.SOFT, FailureType.IGNORED, FailureType.UNDEFINED
UNKNOWN, DOMAIN, FULL = FailureReason.USER_UNKNOWN, FailureReason.INVALID_DOMAIN, FailureReason.MAILBOX_FULL
UNREACHABLE, REFUSED = FailureReason.UNREACHABLE, FailureReason.REFUSED
DISABLED, UNQUALIFIED = FailureReason.ACCOUNT_DISABLED, FailureReason.NOT_DEFINED

RETURNED = """Received: from app (localhost [127.0.0.1]) by out.sender.example with ESMTP id 1 for <ann@there.example>
Message-ID: <0a1b2c@sender.example>
From: Shop <news@sender.example>
To: Ann <ann@there.example>
Subject: Spring

Hello
"""


@dataclass(frozen=True)
class Dialect:
    name: str
    text: str
    expected: dict[str, tuple[FailureType, FailureReason]]
    sender: str = "Mail Delivery Subsystem <MAILER-DAEMON@mx.there.example>"
    subject: str = "Returned mail"
    headers: str = ""
    kind: str = "bounce"

    def mail(self) -> bytes:
        head = (
            f"Return-Path: <>\nDelivered-To: b+00ff@sender.example\nFrom: {self.sender}\nTo: b+00ff@sender.example\n"
            f"Subject: {self.subject}\nContent-Type: text/plain; charset=utf-8\n{self.headers}\n"
        )
        return (head + self.text).encode()


def _one(failure_type: FailureType, reason: FailureReason) -> dict[str, tuple[FailureType, FailureReason]]:
    return {"ann@there.example": (failure_type, reason)}


DIALECTS = (
    Dialect(
        "qmail: two addresses, one of them temporary",
        f"""Hi. This is the qmail-send program at mx.there.example.
I could not deliver your message to these addresses.
I am giving up on them.

<ann@there.example>:
Sorry, no mailbox here by that name. (#5.1.1)

<bob@elsewhere.example>:
CNAME lookup failed temporarily. (#4.4.3)
I'm not going to try again; this message has been in the queue too long.

--- Below this line is a copy of the message.

{RETURNED}""",
        {"ann@there.example": (HARD, UNKNOWN), "bob@elsewhere.example": (SOFT, UNREACHABLE)},
        subject="failure notice",
    ),
    Dialect(
        "qmail: no such host",
        f"""Hi. This is the qmail-send program at mx.there.example.

<ann@there.example>:
Sorry, I couldn't find any host named there.example. (#5.1.2)

--- Below this line is a copy of the message.

{RETURNED}""",
        _one(HARD, DOMAIN),
        subject="failure notice",
    ),
    Dialect(
        "exim: several recipients in one text",
        f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@there.example
    Unrouteable address
  bob@elsewhere.example
    SMTP error from remote mail server after RCPT TO:<bob@elsewhere.example>:
    host mx.elsewhere.example [192.0.2.9]: 552 5.2.2 Over quota
  eve@slow.example
    retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

{RETURNED}""",
        {
            "ann@there.example": (HARD, DOMAIN),
            "bob@elsewhere.example": (SOFT, FULL),
            "eve@slow.example": (SOFT, UNREACHABLE),
        },
        subject="Mail delivery failed: returning message to sender",
        headers="Auto-Submitted: auto-replied\nX-Failed-Recipients: ann@there.example,\n"
        "  bob@elsewhere.example, eve@slow.example\n",
    ),
    Dialect(
        "exim: our server is not welcome",
        f"""A message that you sent could not be delivered to one or more of its recipients.

  ann@there.example
    host mx.there.example [192.0.2.9]
    SMTP error from remote mail server after MAIL FROM:<b+00ff@sender.example>:
    550 no such user allowed to send here

------ This is a copy of the message, including all the headers. ------

{RETURNED}""",
        _one(IGNORED, REFUSED),
        subject="Mail delivery failed",
    ),
    Dialect(
        "postfix: text without its report",
        f"""This is the mail system at host mx.there.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<ann@there.example>: host mail.there.example[192.0.2.3] said: 550 5.1.1
    <ann@there.example>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)

<bob@elsewhere.example>: connect to elsewhere.example[192.0.2.8]:25: Connection timed out

{RETURNED}""",
        {"ann@there.example": (HARD, UNKNOWN), "bob@elsewhere.example": (SOFT, UNREACHABLE)},
        subject="Undelivered Mail Returned to Sender",
    ),
    Dialect(
        "postfix: a delay",
        f"""This is the mail system at host mx.there.example.

# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #

Your message could not be delivered for 4.0 hours. It will be retried until it is 5.0 days old.

<ann@there.example>: host mail.there.example[192.0.2.3] said: 450 4.2.1 The user you want is
    receiving mail too quickly (in reply to RCPT TO command)

{RETURNED}""",
        _one(SOFT, DISABLED),
        subject="Delayed Mail (still being retried)",
        kind="delay",
    ),
    Dialect(
        "sendmail: the list says more than the dialogue",
        f"""The original message was received at Fri, 1 May 2020 10:00:00 +0200
from localhost [127.0.0.1]

   ----- The following addresses had permanent fatal errors -----
<ann@there.example>
<bob@there.example>
    (reason: 550 5.1.1 No such user)

   ----- Transcript of session follows -----
... while talking to mx.there.example.:
>>> RCPT To:<ann@there.example>
<<< 550 5.1.1 <ann@there.example>... User unknown
550 5.1.1 <ann@there.example>... User unknown
>>> RCPT To:<bob@there.example>
<<< 550 5.1.1 No such user

   ----- Original message follows -----

{RETURNED}""",
        {"ann@there.example": (HARD, UNKNOWN), "bob@there.example": (HARD, UNKNOWN)},
        subject="Returned mail: see transcript for details",
    ),
    Dialect(
        "exchange of the old days",
        """Your message

  To:      ann@there.example
  Subject: Spring
  Sent:    Fri, 1 May 2020 10:00:00 +0200

did not reach the following recipient(s):

ann@there.example on Fri, 1 May 2020 10:00:02 +0200
    The recipient name is not recognized
        The MTS-ID of the original message is: c=us;a= ;p=there;l=EX0
    MSEXCH:IMS:There:SITE:EX 0 (000C05A6) Unknown Recipient
""",
        _one(HARD, UNKNOWN),
        sender="System Administrator <postmaster@there.example>",
        subject="Undeliverable: Spring",
    ),
    Dialect(
        "exchange with diagnostics for administrators",
        """Delivery has failed to these recipients or groups:

Ann Other (ann@there.example)<mailto:ann@there.example>
The e-mail address you entered couldn't be found. Please check the address.

Diagnostic information for administrators:

Generating server: mx.there.example

ann@there.example
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
""",
        _one(HARD, UNKNOWN),
        sender="Microsoft Outlook <postmaster@there.example>",
        subject="Undeliverable: Spring",
    ),
    Dialect(
        "domino: failure reasons",
        f"""------- Failure Reasons  --------

User not listed in public Name & Address Book
ann@there.example

------- Returned Message --------

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="postmaster@there.example",
        subject="Undeliverable message",
    ),
    Dialect(
        "courier",
        f"""This is a delivery status notification from mx.there.example,
running the Courier mail server.

The original message was received on Fri, 1 May 2020 10:00:00 +0200

---------------------------------------------------------------------------

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<ann@there.example>:
    mail.there.example [192.0.2.3]:
>>> RCPT TO:<ann@there.example>
<<< 550 5.1.1 <ann@there.example>... User Unknown

---------------------------------------------------------------------------

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender='"Courier mail server" <@mx.there.example>',
        subject="NOTICE: mail delivery status.",
    ),
    Dialect(
        "a gateway that shows both sides",
        """Could not deliver your message to the following recipients.

 Sent     >>> RCPT TO:<ann@there.example>
 Received <<< 550 5.1.1 unknown or illegal alias: ann@there.example

Could not deliver mail to this user.
***** End of message ***************
""",
        _one(HARD, UNKNOWN),
        sender="InterScan MSS <postmaster@there.example>",
        subject="Mail delivery failed",
    ),
    Dialect(
        "a gateway that speaks of recipients affected",
        """Your message:
   From:    news@sender.example
   Subject: Spring

Could not be delivered because of

550 5.2.1 The email account that you tried to reach is disabled

The following recipients were affected:
    ann@there.example

Additional Information
======================
Original Sender:    <news@sender.example>
Sender-MTA:         <192.0.2.1>
""",
        _one(SOFT, DISABLED),
        sender='"Mail Gateway" <postmaster@there.example>',
        subject='Undeliverable Mail: "Spring"',
    ),
    Dialect(
        "rejected in a sentence",
        """We had trouble delivering your message. Full details follow:

Subject: 'Spring'
Date: 'Fri, 1 May 2020 10:00:00 +0200'

1 error(s):

SMTP Server <mx.there.example> rejected recipient <ann@there.example>
  (Error following RCPT command). It responded as follows: [550 5.1.1 Unknown user.]
""",
        _one(HARD, UNKNOWN),
        sender="Mail Delivery System <MAILER-DAEMON@mx.there.example>",
        subject="There was an error sending your mail",
    ),
    Dialect(
        "a provider: mailbox with too many messages",
        f"""   ----- The following addresses had delivery problems -----
ann@there.example

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.

{RETURNED}""",
        _one(SOFT, FULL),
        subject="Returned mail: see transcript for details",
    ),
    Dialect(
        "a web mailer",
        f"""Sorry, we were unable to deliver your message to the following address.

<ann@there.example>:
554: delivery error: Sorry your message to ann@there.example cannot be delivered. This mailbox is disabled (554.30).

--- Original message follows.

{RETURNED}""",
        _one(SOFT, DISABLED),
        subject="Failure Notice",
    ),
    Dialect(
        "large provider: gave up after days",
        f"""Delivery to the following recipient failed permanently:

     ann@there.example

Technical details of permanent failure:
DNS Error: Could not contact DNS servers

----- Original message -----

{RETURNED}""",
        _one(SOFT, UNREACHABLE),
        subject="Delivery Status Notification (Failure)",
    ),
    Dialect(
        "opensmtpd: one line a recipient",
        f"""    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

ann@there.example: 550 5.1.1 <ann@there.example>: Recipient unknown
bob@there.example: 452 4.2.2 mailbox full

    Below is a copy of the original message:

{RETURNED}""",
        {"ann@there.example": (HARD, UNKNOWN), "bob@there.example": (SOFT, FULL)},
        subject="Delivery status notification: error",
    ),
    Dialect(
        "German",
        f"""Ihre Nachricht konnte nicht zugestellt werden.

Folgende Empfänger wurden nicht erreicht:

  ann@there.example
    Der Empfänger ist unbekannt.

--- Kopie der Nachricht ---

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="Mailsystem <postmaster@there.example>",
        subject="Unzustellbar: Spring",
    ),
    Dialect(
        "French",
        f"""Votre message n'a pas pu être remis aux destinataires suivants :

<ann@there.example> : la boîte du destinataire est pleine

----- Message original -----

{RETURNED}""",
        _one(SOFT, FULL),
        sender="Système de messagerie <mailer-daemon@there.example>",
        subject="Non remis : Spring",
    ),
    Dialect(
        "Spanish",
        f"""No se ha podido entregar su mensaje a:

ann@there.example

El usuario es desconocido en este servidor.

----- Mensaje original -----

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="Correo <postmaster@there.example>",
        subject="No se pudo entregar el mensaje",
    ),
    Dialect(
        "Italian",
        f"""Impossibile recapitare il messaggio al seguente destinatario:

   ann@there.example

L'indirizzo è inesistente.

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="Posta <postmaster@there.example>",
        subject="Mancato recapito",
    ),
    Dialect(
        "Portuguese",
        f"""A sua mensagem não foi entregue ao destinatário:

ann@there.example

A caixa postal está cheia.

{RETURNED}""",
        _one(SOFT, FULL),
        sender="Correio <postmaster@there.example>",
        subject="Falha na entrega",
    ),
    Dialect(
        "Japanese",
        f"""次のあて先へのメッセージはエラーのため送信できませんでした。

<ann@there.example>

送信先メールアドレスが見つかりません。

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="Postmaster@there.example",
        subject="Mail System Error - Returned Mail",
    ),
    Dialect(
        "Russian with an English dialogue",
        f"""К сожалению, письмо не может быть доставлено:

  ann@there.example
    host mx.there.example [192.0.2.3]: 550 5.1.1 user not found

{RETURNED}""",
        _one(HARD, UNKNOWN),
        sender="mailer-daemon@there.example",
        subject="Недоставленное сообщение",
    ),
    Dialect(
        "a block list",
        f"""<ann@there.example>: host mx.there.example[192.0.2.3] said: 550 Service unavailable; client
    [192.0.2.1] blocked using bl.example; message could not be delivered (in reply to RCPT TO command)

{RETURNED}""",
        _one(IGNORED, REFUSED),
        subject="Undelivered Mail Returned to Sender",
    ),
    Dialect(
        "only a code the rules do not know",
        f"""Your message could not be delivered.

<ann@there.example>:
550 Qx-77

{RETURNED}""",
        _one(UNDEFINED, UNQUALIFIED),
        subject="Undelivered mail",
    ),
    Dialect(
        "no address but the returned message's own",
        f"""The message could not be delivered because the mailbox is full.

----- Original message -----

{RETURNED}""",
        _one(SOFT, FULL),
        subject="Undeliverable mail",
    ),
)
