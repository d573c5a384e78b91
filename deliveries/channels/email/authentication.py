"""Credentials: AUTH PLAIN, LOGIN and XOAUTH2."""

from __future__ import annotations

import base64

from django.utils.translation import gettext as _

from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.replies import Stage, classify, unsent
from deliveries.channels.email.transport import Line, Reply
from deliveries.models.route import Authentication

DONE = range(200, 300)
GO_ON = range(334, 335)


async def authenticate(line: Line, mechanisms: frozenset[str], options: SmtpOptions) -> None:
    """Give the credentials in the way that the server and the route agree on; raises Unavailable."""
    endpoint = options.endpoint
    user, password = endpoint.username.encode(), endpoint.password.encode()
    if endpoint.authentication == Authentication.XOAUTH2:
        await _give_token(line, user, password, options)
    elif "PLAIN" in mechanisms:
        await _say(line, b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password), options)
    elif "LOGIN" in mechanisms:
        await _say(line, b"AUTH LOGIN", options, GO_ON)
        await _say(line, base64.b64encode(user), options, GO_ON)
        await _say(line, base64.b64encode(password), options)
    else:
        text = _("The server takes no credentials that we know (PLAIN, LOGIN), and the route has some.")
        raise Unavailable(unsent(text, route_fault=text))


async def _give_token(line: Line, user: bytes, token: bytes, options: SmtpOptions) -> None:
    answer = base64.b64encode(b"user=" + user + b"\1auth=Bearer " + token + b"\1\1")
    replies = await line.exchange(b"AUTH XOAUTH2 " + answer + b"\r\n", (options.timeouts.command,))
    if replies and replies[0].code == 334:
        # What is wrong comes as a challenge; an empty answer asks for the refusal itself.
        await _say(line, b"", options)
    accept(line, replies, Stage.AUTH, options)


async def _say(line: Line, command: bytes, options: SmtpOptions, codes: range = DONE) -> None:
    accept(line, await line.exchange(command + b"\r\n", (options.timeouts.command,)), Stage.AUTH, options, codes)


def accept(line: Line, replies: list[Reply], stage: Stage, options: SmtpOptions, codes: range = DONE) -> Reply:
    """The reply, when it has one of the codes; raises Unavailable."""
    if not replies:
        raise Unavailable(unsent(line.ending))
    reply = replies[0]
    if reply.code in codes:
        return reply
    if reply.code < 400:
        raise Unavailable(unsent(reply.text))
    raise Unavailable(classify(stage, reply.code, "", reply.text, direct=options.direct))
