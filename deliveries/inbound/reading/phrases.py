"""How mail systems begin to say that a message did not arrive, and where the returned message begins."""

from __future__ import annotations

import re
from functools import lru_cache


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_NOT = r"(?:not|n.t|unable|impossible|fail\w*)"
UNDELIVERED = _any(
    # English
    rf"\b(?:could|was|were|can|has|have|is|been|be|did)(?:\s?{_NOT}|\s+not)\b.{{0,40}}\b(?:deliver|sent\b|reach"
    rf"|receive)",
    r"\bunable to (?:be )?(?:deliver|send|relay|complete)",
    r"\bnot able to deliver|\bn.t able to deliver",
    r"\bdeliver(?:y|ed|ing)\b.{0,60}\b(?:fail|error|problem|delay|reject|abort|imposs|not possible|giv)",
    r"\b(?:fail|error|problem)\w*\b.{0,40}\bdeliver",
    r"\b(?:following|these|one or more|some)\b.{0,40}\b(?:address|recipient|destination)",
    r"\b(?:addresses|recipients?)\b.{0,40}\b(?:failed|errors?|rejected|refused)",
    r"\bundeliver(?:ed|able)\b",
    r"\breturned (?:mail|message)\b|\b(?:mail|message) (?:was |is being )?returned\b",
    r"\b(?:permanent|fatal) (?:fatal )?(?:error|failure)",
    r"\binvalid (?:final delivery|user|recipient|address)",
    r"\b(?:rejected|refused) (?:the )?(?:recipient|address)\b|\brejected by\b|\brefused by\b|\bnon-?deliver",
    r"\bnot a member of (?:this|the) (?:mailing )?list\b",
    # German, Dutch, Scandinavian
    r"\b(?:nicht|konnte)\b.{0,60}\b(?:zugestellt|zustellen|ausgeliefert|gesendet|empfangen)",
    r"\bunzustellbar|\bzustellung\b.{0,40}\b(?:fehlgeschlagen|gescheitert|fehler|nicht)",
    r"\bniet\b.{0,40}\b(?:afgeleverd|bezorgd|verzonden)|\bonbestelbaar",
    r"\b(?:kunde|kunne|gick)\b.{0,20}\b(?:inte|ikke)\b.{0,40}\blever",
    # French
    r"\bpas (?:pu )?(?:être |ete )?(?:remis|livr|distribu|délivr|envoy|achemin)",
    r"\bimpossible (?:de |d')(?:remettre|livrer|distribuer|délivrer|envoyer|acheminer)",
    r"\béchec\b.{0,40}\b(?:remise|distribution|livraison|envoi)|\bnon (?:remis|distribu|délivr)",
    # Spanish, Portuguese, Italian
    r"\bno (?:se )?(?:ha |pudo |puede |fue )?(?:podido |sido )?(?:ser )?(?:posible )?(?:entreg|envi)",
    r"\bno\b.{0,20}\b(?:pudo|podido|posible)\b.{0,30}\bentreg",
    r"\bnão\b.{0,40}\b(?:entreg|envi)",
    r"\b(?:non|impossibile)\b.{0,40}\b(?:consegn|recapit|inoltr|inviat)",
    # Slavic and others
    r"\bне (?:может быть |был[ао]? |удалось |доставл)|\bнедоставлен",
    r"\bnie (?:mogł|został|udało|moż|dostarcz)|\bnedoru[cč]|\bnelze doru[cč]",
    r"teslim edilemedi|iletilemedi|kézbesíthet",
    # Japanese, Chinese, Korean
    r"(?:配信|配送|配達|送信|送付|お届け|転送).{0,12}(?:でき|出来|不能|失敗|エラー|されません)|届きませんでした",
    r"退信|无法(?:投递|送达|发送)|無法(?:投遞|傳送|送達)|投递失败|發送失敗",
    r"(?:전송|배달|전달).{0,8}(?:실패|못|않|수 없)|반송",
)


@lru_cache(maxsize=2048)
def says_undelivered(line: str) -> bool:
    """Whether a line of a report, of bounded length, says that something did not arrive."""
    return UNDELIVERED.search(line) is not None


SUBJECT = _any(
    r"\b(?:un|non-?)deliver(?:ed|able|y)\b|\bundeliverable\b",
    r"\bdelivery\b.{0,30}\b(?:fail|status|notif|error|problem|delay|report|unsuccess|has)",
    r"\b(?:fail\w*|error|problem\w*)\b.{0,20}\bdeliver|\bfailure notice\b|\bfailed (?:mail|message)\b",
    r"\breturned (?:e-?)?mail\b|\bmail (?:returned|system error|status report|delivery)\b|\breturned to sender\b",
    r"\bnot (?:be )?deliver|\bmail error\b|\bdelayed mail\b|\bwarning: (?:message|could not)\b|\bbounce[ds]?\b",
    r"\b(?:message|mail) (?:rejected|refused|blocked|not sent|could not)\b|\bpostmaster notify\b",
    r"\bunzustellbar|\bnicht zugestellt|\bfehler bei der (?:zu|nachrichten)|\bzustellung\b",
    r"\bnon (?:remis|distribu|délivr)|\béchec\b.{0,40}\b(?:remise|distribution|livraison)|\bretour à l.exp",
    r"\bno (?:se pudo|se puede|entreg)|\bnão entreg|\bnão pôde|\bfalha (?:na|de) entrega",
    r"\bmancat[ao] (?:consegna|recapito)",
    r"\bнедоставл|\bне доставл|\bniedostarczon|\bonbestelbaar",
    r"配信|配送エラー|送信エラー|エラーメール|返送|退信|반송",
)
DELAYED = _any(
    r"\bwarning (?:message )?only\b|\bdo not need to resend\b",
    r"\b(?:has been|was|is|still|been) delay(?:ed|s)?\b|\bdelayed mail\b|\bdelivery (?:status notification )?\(?delay",
    r"\bwill (?:be (?:retried|attempted)|keep trying|retry|continue (?:to )?try)|\bbeing retried\b|\bwill be retried\b",
    r"\bnot (?:yet )?been delivered (?:yet|after)|\bcould not be delivered for the last\b.{0,40}\bwill\b",
    r"\bnot yet\b.{0,30}\bdeliver",
    r"\bdelivery attempts? will\b|\bverzögert\b|\bretardée?\b|\bretrasad|\batrasad|\bin ritardo\b|遅延",
)
GIVEN_UP = _any(r"\bgiv(?:ing|en) up\b|\bpermanent\b|\bnot going to try again\b|\bno further attempts\b")

_DECORATION = r"^[\s*#=_~|.-]{0,80}(?:\d\.\s)?"
RETURNED = _any(
    _DECORATION
    + r"(?:this is |here is |below (?:this line )?is |included is |enclosed is |attached is |following is |es folgt )"
    r"(?:an? |the |your |eine )?(?:\w+ )?(?:copy|header|kopie|text|first)",
    _DECORATION + r"(?:start of |text of |copy of |begin(?:ning)? of |headers? of |the header of |the headers? of )?"
    r"(?:the |your )?(?:original|returned|unsent|undelivered|rejected|bounced) (?:e-?mail|message|mail)"
    r"(?: headers?| info\w*| text| body| contents?| (?:is )?follow\w*| (?:is )?attached| below)*\b[\s:;*#=_~"
    r"|.-]{0,80}$",
    _DECORATION + r"the header of the original message is following",
    _DECORATION + r"message (?:headers?|text|body|contents?|source)(?: and \w+)? follows?\b",
    _DECORATION + r"(?:nachrichtenkopf|ursprüngliche nachricht|originalnachricht|kopie der nachricht|message d.origine"
    r"|message original|en-têtes d|mensaje original|mensagem original|messaggio originale|исходное сообщение"
    r"|元のメッセージ)",
)
# People who write there read it; no bounce is about them.
OFFICES = re.compile(
    r"(?:mailer-?daemon|post_?master|mail-?daemon|abuse|hostmaster|webmaster|helpdesk|support|no-?reply"
    r"|do-?not-?reply)@",
    re.IGNORECASE,
)
DAEMON = re.compile(
    r"\b(?:mailer-?daemon|post_?master|mail[._-]?daemon|mail[._-]delivery[._-](?:sub)?system|bounce[sd]?|mdaemon)\b"
    r"|\bmail deliver(?:y)? (?:sub)?system\b|\bmailer daemon\b|\bmail administrator\b|\bmicrosoftexchange[0-9a-f]+@",
    re.IGNORECASE,
)
