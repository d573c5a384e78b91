"""Mails that blame nobody: people, newsletters, machines, and what is broken. All made up for these tests."""

from __future__ import annotations

_BOUNCE_TEXT = """Hi. This is the qmail-send program at mx.there.example.
I could not deliver your message.

<ann@there.example>:
550 5.1.1 <ann@there.example>... User unknown
"""
_QUOTED = "".join(f"> {line}\n" for line in _BOUNCE_TEXT.splitlines())


def _mail(text: str, **headers: str) -> bytes:
    fields = {"From": "Bob <bob@company.example>", "To": "news@sender.example", "Subject": "Hello", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return f"{head}\n{text}".encode()


ORDINARY: dict[str, bytes] = {
    "a short letter": _mail("Could you send me the price list?\n"),
    "a reply that quotes a bounce": _mail(
        f"Does this address work?\n\n{_QUOTED}", Subject="Re: failure notice", In_Reply_To="<1@sender.example>"
    ),
    "a forwarded bounce, unquoted": _mail(
        f"What does this mean?\n\n---------- Forwarded message ---------\n{_BOUNCE_TEXT}", Subject="Fwd: a question"
    ),
    "a bounce attached by a person": _mail(
        "--x\nContent-Type: text/plain\n\nPlease look at this.\n--x\nContent-Type: message/rfc822\n\n"
        "From: MAILER-DAEMON@mx.there.example\nContent-Type: multipart/report; boundary=y\n\n--y\n"
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ann@there.example\nAction: failed\n"
        "Status: 5.1.1\n\n--y--\n--x--\n",
        Content_Type="multipart/mixed; boundary=x",
    ),
    "a complaint in words about an undelivered parcel": _mail(
        "My parcel could not be delivered to the following address:\n\nann@there.example\n\nWhy?\n",
        Subject="Parcel not delivered",
    ),
    "a newsletter about deliverability": _mail(
        "This week: why a mailbox is full and 550 5.1.1 user unknown says so.\nWrite to editor@letters.example\n",
        Subject="Delivery failures explained",
        List_Id="<letters.example>",
        Precedence="bulk",
    ),
    "a calendar invitation": _mail(
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nORGANIZER:mailto:bob@company.example\n"
        "ATTENDEE;RSVP=TRUE:mailto:ann@there.example\nEND:VCALENDAR\n",
        Content_Type="text/calendar; method=REQUEST",
        Subject="Invitation: planning",
    ),
    "a report of a cron job": _mail(
        "rsync: connection timed out (110)\nrsync error: some files could not be transferred\n",
        From="root@server.example",
        Auto_Submitted="auto-generated",
        Subject="Cron <root@server> backup",
    ),
    "a report on authentication": _mail(
        "--x\nContent-Type: text/plain\n\nThis is an aggregate report.\n"
        "--x\nContent-Type: application/gzip\n\nAAAA\n--x--\n",
        Content_Type="multipart/mixed; boundary=x",
        From="noreply-dmarc@big.example",
        Subject="Report domain: sender.example Submitter: big.example Report-ID: 1",
    ),
    "a failed authentication in the format of complaints": _mail(
        "--x\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nVersion: 1\n"
        "Original-Rcpt-To: ann@there.example\n--x--\n",
        Content_Type="multipart/report; report-type=feedback-report; boundary=x",
        Subject="DMARC failure",
    ),
    "the receipt of a reader": _mail(
        "--x\nContent-Type: text/plain\n\nThe message was displayed.\n--x\n"
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ann@there.example\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n--x--\n",
        Content_Type='multipart/report; report-type="disposition-notification"; boundary="x"',
        Subject="Read: Spring",
    ),
    "a receipt of delivery": _mail(
        "--x\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ann@there.example\n"
        "Action: delivered\nStatus: 2.0.0\n--x--\n",
        Content_Type="multipart/report; report-type=delivery-status; boundary=x",
        From="MAILER-DAEMON@mx.there.example",
        Subject="Successful Mail Delivery Report",
    ),
    "an absence": _mail(
        "I am out of the office until Monday. In urgent cases write to carol@company.example\n",
        Subject="Automatic reply: Spring",
    ),
    "an absence announced by a null sender": _mail(
        "Je suis absent. Contact : carol@company.example\n",
        Return_Path="<>",
        Subject="Réponse automatique : Printemps",
        Auto_Submitted="auto-replied",
    ),
    "somebody who has left the company": _mail(
        "I no longer work for this company; my address will be disabled soon. Write to carol@company.example.\n",
        Subject="Re: Spring",
        X_Autoreply="yes",
    ),
    "a request to be left alone": _mail("Please stop.\n", Subject="unsubscribe"),
    "an invoice whose number looks like a code": _mail(
        "Invoice 550 5.1.1 of order 421. Questions: billing@company.example\n", Subject="Invoice"
    ),
    "nothing at all": b"",
    "only line ends": b"\r\n\r\n\n\n",
    "headers that never end": b"X-Long: " + b"a" * 300_000,
    "a thousand levels of parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(1000)
    ),
    "a boundary that never comes": _mail("just text\n", Content_Type="multipart/mixed; boundary=never"),
    "a boundary that always comes": _mail("--a\n" * 50_000, Content_Type="multipart/mixed; boundary=a"),
    "an unknown charset": _mail("héllo\n", Content_Type="text/plain; charset=klingon-8"),
    "broken encodings": _mail(
        "=ZZ=\n====\n", Content_Type="text/plain; charset=utf-7", Content_Transfer_Encoding="quoted-printable"
    ),
    "bytes of no meaning": bytes(range(256)) * 40,
    "a subject of one encoded word too many": _mail("x\n", Subject="=?utf-8?B?" + "=?x?Q?" * 5000),
    "tags without an end": _mail("<" * 200_000 + "<style" * 20_000, Content_Type="text/html"),
    "a line of many addresses": _mail("ann@there.example, " * 20_000, Subject="Fwd: our team"),
}
