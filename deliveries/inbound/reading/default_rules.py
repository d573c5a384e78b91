"""The rules that come with the product: what mail systems mean by their words. Renewed with it, unless edited.

In order of harm: what accuses us (nobody is blamed), what concerns the mailbox or the message, and only then what
says that an address does not exist.
"""

from __future__ import annotations

from deliveries.inbound.reading.rules import LooksAt, Rule
from recipients.vocabulary import FailureReason, FailureType


def _(name: str) -> str:
    """A mark for the catalogue: the admin shows the names of our rules translated."""
    return name


_HARD, _SOFT, _IGNORED = FailureType.HARD, FailureType.SOFT, FailureType.IGNORED
_REFUSED, _UNREACHABLE = FailureReason.REFUSED, FailureReason.UNREACHABLE


def _rule(priority: int, name: str, failure_type: FailureType, reason: FailureReason, *patterns: str) -> Rule:
    return Rule(name, "|".join(patterns), priority, LooksAt.DIAGNOSTIC, "bounce", failure_type, reason)


def _kind(priority: int, name: str, kind: str, *patterns: str) -> Rule:
    return Rule(name, "|".join(patterns), priority, LooksAt.SUBJECT, kind)


_AGAINST_CODES = (
    _rule(
        40,
        _("DNS did not answer"),
        _SOFT,
        _UNREACHABLE,
        r"name ?server\b.{0,60}\b(?:malformed|unexpected|try again|server failure|timed? ?out)",
        r"\b(?:malformed|unexpected)\b.{0,40}\bname ?server|\bservfail\b|\bdns (?:lookup )?(?:time|fail|soft)",
        r"\btemporary (?:dns|name|lookup|resolution)|\bname resolution\b.{0,20}\btempor",
    ),
    _rule(
        45,
        _("Recipient refused without a reason"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\brecipient address rejected: access denied",
    ),
    _rule(
        47,
        _("No account with this provider"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\buser\b.{0,20}\bdoes(?: not|n.?t) have an?\b.{0,30}\b(?:account|mailbox)",
    ),
    _rule(
        50,
        _("Mailbox full despite another code"),
        _SOFT,
        FailureReason.MAILBOX_FULL,
        r"\b(?:mail)?box (?:is |was )?(?:full|over ?quota|exceed)|\b(?:over|exceed\w*)\b.{0,20}\bquota\b",
        r"\bquota exceeded\b",
    ),
)

_ABOUT_US: tuple[Rule, ...] = (
    _rule(
        110,
        _("Sender on a block list"),
        _IGNORED,
        _REFUSED,
        r"\b(?:dnsbl|rbl|dnswl|blocklist|block list|blacklist|black list|denylist|deny list)",
        r"\bspamhaus|spamcop|barracuda|sorbs|uceprotect|senderscore|cloudmark|mailspike|surbl|uribl",
        r"\bblocked\b.{0,40}\b(?:using|by|due|because|from)\b",
        r"\b(?:ip|host|client|server|connection)\b.{0,50}\b(?:blocked|banned|blackl)",
        r"\bbanned\b|\brefused to talk to me\b|\byou are not allowed to (?:connect|send)",
        r"\bnot accept\w* (?:mail |connections? )?from\b",
    ),
    _rule(
        112,
        _("Sender's reputation or volume"),
        _IGNORED,
        _REFUSED,
        r"\breputation\b|\brate[- ]?limit|\bunexpected volume\b|\buser complaints\b|\bunusual rate\b|\bthrottl",
        r"\btoo (?:many|much)\b.{0,20}\b(?:connections?|sessions?|mails?|messages?|recipients|errors|traffic"
        r"|invalid)\b",
        r"\b(?:suspicious|low|poor|bad)\b.{0,30}\breput|\bexceeded\b.{0,30}\b(?:rate|connections?)\b",
        r"\bconnections? (?:rate|limit|refused by policy)|\bgreylist|\bgraylist",
    ),
    _rule(
        114,
        _("Sender not authenticated"),
        _IGNORED,
        _REFUSED,
        r"\b(?:spf|dkim|dmarc|arc)\b|\bunauthenticated\b|\bsender (?:policy framework|id)\b|\bdomainkeys\b",
        r"\bauthenti\w+\b.{0,40}\b(?:required|requires|needed|first|fail|not)|\bnot authenticated\b",
        r"\bmust (?:be )?authenticate",
    ),
    _rule(
        116,
        _("Sender's server without a proper name"),
        _IGNORED,
        _REFUSED,
        r"\breverse[ -]?(?:dns|lookup|hostname|name)|\bptr\b|\brdns\b",
        r"\bcannot find your (?:reverse )?(?:host|hostname)",
        r"\b(?:helo|ehlo)\b.{0,60}\b(?:reject|den|invalid|bad|refus|syntax|resolve|not)|\bname was rejected\b",
        r"\b(?:invalid|dynamic|bad|generic)\b.{0,20}\b(?:ip|hostname|domain name)\b|\bvalid (?:sender )?domain\b",
    ),
    _rule(
        118,
        _("Relaying denied"),
        _IGNORED,
        _REFUSED,
        r"\brelay(?:ing)?\b.{0,40}\b(?:den|not|prohibit|reject|disallow|block|forbid|without)",
        r"\b(?:not|unable|cannot|insecure|no)\b.{0,30}\brelay",
        r"\buse the smtp (?:server|relay) of your\b|\bverify (?:your|the) mail ?from",
    ),
    _rule(
        120,
        _("Sender refused"),
        _IGNORED,
        _REFUSED,
        r"\bsender\b.{0,60}\b(?:reject|den|refus|block|not allowed|not permitted|verif|invalid|unknown"
        r"|does(?: not|n.t)|no such)",
        r"\b(?:rejected?|refused?|denied|blocked|invalid|unknown|bad)\b.{0,30}\bsender\b|\bdomain of sender\b",
        r"\bsender (?:address|domain)\b",
        r"\b(?:mail ?from|return path|envelope from|from address)\b.{0,60}\b(?:reject|refus|den|invalid|not)",
        r"\bonly accepts? (?:mail|messages?) from\b|\bnot (?:authori[sz]ed|permitted|allowed) to (?:send|post|email)",
        r"\bnot a member of (?:this|the)\b|\bgroups?\.google\.com/support\b|\bpermission to post\b",
        r"\bexpéditeur\b.{0,40}\b(?:refus|rejet|bloqu|inconnu)|\babsender\b.{0,40}\b(?:abgelehnt|gesperrt|ungültig)",
        r"\bremitente\b.{0,40}\b(?:rechaz|bloque)|\bmittente\b.{0,40}\b(?:rifiut|blocc)|送信者.{0,20}拒否",
    ),
)

_MAILBOX = (
    _rule(
        130,
        _("Mailbox full"),
        _SOFT,
        FailureReason.MAILBOX_FULL,
        r"\b(?:mail)?(?:box|folder|account|inbox|maildir|store)\b.{0,50}\b(?:full|over|exceed|too large|limit|out of)",
        r"\bquota\b|\bover (?:the |its )?(?:allowed |maximum )?(?:limit|storage)",
        r"\b(?:insufficient|not enough|out of|exceed\w*)\b.{0,25}\b(?:storage|space)\b",
        r"\bfull\b.{0,20}\b(?:mail)?box\b|\btoo much mail (?:data )?stored|\bdisk (?:is )?full\b",
        r"\bnot enough (?:disk|free)",
        r"\bbo[iî]te\b.{0,40}\bpleine|\bquota\b.{0,20}\bdépass",
        r"\bpostfach\b.{0,40}\b(?:voll|überschritten|überfüllt)|speicherplatz",
        r"\bbuz[oó]n\b.{0,40}\b(?:llen|exced)|\bcasella\b.{0,40}\b(?:piena|superat)",
        r"\bcaixa\b.{0,40}\b(?:cheia|lotada|exced)",
        r"переполнен|превышен|メールボックス.{0,30}(?:一杯|いっぱい|満杯|超|容量)|容量.{0,10}(?:超過|オーバー|不足)|邮箱(?:已)?满|空间不足",
    ),
    _rule(
        132,
        _("Account disabled"),
        _SOFT,
        FailureReason.ACCOUNT_DISABLED,
        r"\b(?:account|mailbox|user|recipient|address|subscriber)\b.{0,60}"
        r"\b(?:disabled|suspend|inactive|locked|deactivat|expired|frozen|not active|discontinued|closed|terminat"
        r"|on hold|dormant)",
        r"\b(?:disabled|suspended|inactive|deactivated|expired|locked|closed)\b.{0,20}\b(?:account|mailbox|user"
        r"|recipient|address)",
        r"\bcompte\b.{0,40}\b(?:désactiv|suspend|bloqu|inactif|ferm)",
        r"\bkonto\b.{0,40}\b(?:deaktiviert|gesperrt|inaktiv|geschlossen)",
        r"\bcuenta\b.{0,40}\b(?:desactiv|suspend|bloque|inactiv)",
        r"\b(?:conta|account)\b.{0,40}\b(?:desativ|disattiv|sospes|suspens|bloquead)",
        r"заблокирован|отключ[её]н|(?:停止|休止|無効).{0,20}(?:アカウント|ユーザ|メールアドレス)|アカウント.{0,20}(?:停止|休止|無効)",
    ),
)

_MESSAGE = (
    _rule(
        140,
        _("Message too large"),
        _SOFT,
        _REFUSED,
        r"\b(?:message|mail|size)\b.{0,50}\b(?:too (?:large|big|long)|size|exceed|limit)",
        r"\bexceed\w*\b.{0,40}\b(?:size|length)\b|\btoo (?:large|big)\b",
        r"\btaille\b.{0,40}\b(?:dépass|maxim|limite)|\b(?:zu gro(?:ß|ss)|demasiado grande|troppo grande)",
        r"サイズ.{0,20}(?:超|大き)",
    ),
    _rule(
        142,
        _("Content refused"),
        _SOFT,
        _REFUSED,
        r"\bspam\b|\bjunk\b|\bphish|\bunsolicited\b|\bbulk (?:e-?)?mail\b|\bvirus|\bmalware\b|\binfected\b",
        r"\bmalicious\b|\btrojan",
        r"\b(?:content|message|attachment|mail|url|link|body|header)s?\b.{0,60}\b(?:reject|refus|den|block"
        r"|not accept|prohibit|not allowed|bann)",
        r"\bpolic(?:y|ies)\b|\bsecurity\b|\bviolat|\bprohibited\b|\bprotocol\b.{0,20}\berror|\b8-?bit\b",
        r"\brfc ?[25]?\d{3}\b|\bmulti(?:ple)? from\b",
        r"\b(?:not implemented|syntax error|bad command|improper)\b|\baccess denied\b",
        r"\bdelivery not (?:authori[sz]ed|allowed)\b",
        r"\bservice refus|\bcontenu\b.{0,30}\b(?:refus|rejet|bloqu)|\binhalt\b.{0,30}\babgelehnt|\bindésirable\b",
        r"\bcorreo no deseado\b|迷惑メール|スパム",
    ),
)

_DOMAIN = (
    _rule(
        150,
        _("Domain does not exist"),
        _HARD,
        FailureReason.INVALID_DOMAIN,
        r"\b(?:host|domain)(?: name| or domain name)?\b.{0,15}\b(?:unknown|not found|not be found|invalid"
        r"|does(?: not|n.t) exist|no such|unrouteable)",
        r"\b(?:unknown|no such|non-?exist[ae]nt|invalid|bad) (?:mail ?)?(?:host|domain)\b",
        r"\bcan(?:no|')?t find (?:any )?(?:host|domain|mail exchanger)",
        r"\bnull ?mx\b|\bno (?:mx|mail exchanger|smtp service|a or mx|valid mx|mail service)\b",
        r"\b(?:does not|doesn.t) (?:accept|receive|handle) (?:any )?(?:e-?)?mail\b",
        r"\bunrouteable (?:mail )?(?:domain|address)|\ball relevant mx records\b|\bnxdomain\b|\bno dns\b",
        r"\bindicated no smtp\b|\bmx\b.{0,40}\b(?:invalid|localhost)",
        r"\bdomaine\b.{0,40}\b(?:inconnu|introuvable|n.existe|invalide)",
        r"\b(?:domäne|domain)\b.{0,40}\b(?:nicht gefunden|unbekannt|existiert nicht)",
        r"\bdominio\b.{0,40}\b(?:no existe|desconocid|inesistente|non esiste|sconosciut)",
        r"ドメイン.{0,20}(?:存在し|見つかり|不明)|域名.{0,10}不存在",
    ),
)

_UNKNOWN = (
    _rule(
        160,
        _("User unknown"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\b(?:user\w{0,3}|recipient\w?|mailbox\w{0,2}|address\w{0,2}|account|addressee|alias|destination|person"
        r"|customer|local part|name)\b.{0,80}"
        r"\b(?:unknown|not found|not be found|not known|not (?:a )?valid|invalid|unavailable|not exist|no longer"
        r"|undeliverable|nonexist"
        r"|not (?:here|listed|recogni[sz]ed|local|available))",
        r"\b(?:unknown|invalid|bad|no such|non-?exist[ae]nt|illegal|unrouteable|incorrect|wrong|undeliverable)\b.{0,30}"
        r"\b(?:user\w{0,3}|recipient\w?|mailbox|local[- ]part|person|account|address|destination|addressee|alias)\b",
        r"\binvalid final delivery\b|\brecipient address rejected\b|\brecipientnotfound\b|\brejected address\b",
        r"\bnot listed in\b",
    ),
    _rule(
        161,
        _("User unknown, in a sentence"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\b(?:does|do|did)(?: not|n.?t)\b.{0,12}\b(?:exist|match|have an?\b.{0,25}\b(?:account|mailbox))",
        r"\bno (?:mailbox|user|account|recipient|one|person)\b.{0,20}\b(?:here|by|exists?|named|with|found)",
        r"\bnot (?:our|a|known) (?:user|customer|to us)\b|\bhas (?:left|moved)\b",
        r"\bno longer (?:here|with|works?|employed|exists?|available|valid|in use)",
        r"\bunable to find (?:the )?(?:user|recipient)",
    ),
    _rule(
        162,
        _("User unknown, Romance languages"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\b(?:utilisateur|destinataire|adresse|compte|bo[iî]te)\b.{0,60}\b(?:inconnue?|invalide|inexistante?"
        r"|introuvable|n.existe)",
        r"\bn.existe (?:pas|plus)\b",
        r"\b(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n)\b.{0,60}\b(?:desconocid|no existe|inexistente"
        r"|no v[aá]lid|inv[aá]lid|no encontrad)",
        r"\b(?:utente|destinatario|indirizzo|casella)\b.{0,60}\b(?:sconosciut|inesistente|non esiste|non valid"
        r"|non trovat)",
        r"\b(?:usuário|destinatário|endereço|conta|caixa)\b.{0,60}\b(?:desconhecid|não existe|inexistente|inválid"
        r"|não encontrad)",
    ),
    _rule(
        164,
        _("User unknown, Germanic and Slavic languages"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"\b(?:empfänger|benutzer|adresse|postfach|konto|mailbox)\b.{0,60}\b(?:unbekannt|ungültig|existiert nicht"
        r"|nicht (?:gefunden|vorhanden|bekannt|existent))",
        r"\b(?:gebruiker|ontvanger|adres)\b.{0,40}\b(?:onbekend|bestaat niet|ongeldig)",
        r"\b(?:användare|mottagare)\w*\b.{0,40}\b(?:okänd|finns inte)",
        r"(?:пользовател|получател|адрес|ящик)\w*.{0,40}(?:не найден|неизвест|не существует|несуществующ)",
        r"nie istnieje|neexistuje",
    ),
    _rule(
        166,
        _("User unknown, Asian languages"),
        _HARD,
        FailureReason.USER_UNKNOWN,
        r"(?:宛先|あて先|送信先|受信者|ユーザー?|メールアドレス|アドレス|利用者|ディレクトリ).{0,60}(?:見つか|存在し|不明|ありません|正しく|無効|間違)",
        r"(?:用户|收件人|邮箱|地址).{0,20}(?:不存在|未知|无效|找不到)",
        r"(?:사용자|수신자|주소).{0,20}(?:없|존재하지|알 수)",
    ),
)

_NETWORK = (
    _rule(
        170,
        _("Server not reached in time"),
        _SOFT,
        _UNREACHABLE,
        r"\btime[- ]?d? ?out\b|\bexpired\b|\btoo long\b|\bretry time\w*\b|\bgiving up\b.{0,20}$",
        r"\bnot (?:be )?delivered within\b|\bfor the last \d+\b",
        r"\b(?:connect\w*|connection|server|host|network|service|socket|session|smtp)\b.{0,50}\b(?:refused"
        r"|unreachable|not reachable|lost|reset|closed|dropped|down|not respond|busy|unavailable|not available"
        r"|failed|failure|error|disconnect|not accept|abort)",
        r"\bcould(?: not|n.t) (?:deliver|connect|establish|contact|reach)|\bno route\b|\bunable to connect\b",
        r"\bnot responding\b|\bnot reachable\b|\bno answer\b",
        r"\b(?:unable|failed|fails?) to\b.{0,30}\b(?:contact|connect|reach|open|lookup|resolve)|\battempts\b",
        r"\bmessage will be retried\b|\bdelayed\b",
        r"\b(?:inaccessible|injoignable|ne répond pas|délai)\b|\bnicht erreichbar\b|\bzeitüberschreitung\b",
        r"\btiempo de espera\b|応答|接続(?:でき|エラー|失敗)|タイムアウト",
    ),
    _rule(
        172,
        _("Error of the receiving system"),
        _SOFT,
        _UNREACHABLE,
        r"\b(?:mailer|system|configuration|config|internal|local|disk|i/?o|software|resource|backend|processing"
        r"|program|command)\b.{0,30}\b(?:error|fail|problem|resources|died|output|exit)",
        r"\b(?:loop|too many hops|hop count)\b|\binsufficient system\b|\bout of memory\b",
        r"\bcan(?:no|')?t (?:create|open|write|lock)|\bservice unavailable\b",
        r"\bx-unix\b|\bprocmail\b|\bmaildrop\b|\bsievemail\b|\bexit (?:status|code)\b|\bcommand died\b|システムエラー",
        r"サーバ.{0,12}エラー",
    ),
)

_KINDS = (
    _kind(
        200,
        _("Automatic reply by its subject"),
        "auto_reply",
        r"\bauto(?:matic)?[- ]?(?:repl(?:y|ies)|respon[sd]\w*|answer)\b|\bout of (?:the )?office\b",
        r"\bo(?:oo|of)\b[ :]|\bvacation\b|\bon (?:holiday|leave)\b",
        r"\baway from (?:my|the) (?:mail|office|desk)|\b(?:currently|temporarily) (?:away|unavailable)\b",
        r"\bi am (?:away|out|on)\b",
        r"\babwesen\w+|\bautomatische antwort|\bnicht im (?:büro|hause)\b|\burlaub|\bafwezig",
        r"\bautomatisch antwoord|\bautosvar|\bfrånvaro|\bfravær",
        r"\br[eé]ponse automatique|\babsence\b|\babsent[e]?\b|\ben cong[eé]s|\bmessage d.absence|\bhors du bureau",
        r"\brespuesta autom[aá]tica|\bfuera de (?:la )?oficina|\bausente\b|\bvacaciones|\brisposta automatica",
        r"\bfuori (?:ufficio|sede)|\bassenza\b|\bin ferie\b",
        r"\bresposta autom[aá]tica|\bfora do escrit[oó]rio|\baus[eê]ncia|\bférias|автоответ|отсутств",
        r"\bautomatyczna odpowied|\bautomatická odpov|\botomatik yanıt",
        r"自動(?:返信|応答|回答)|不在|休暇|自动(?:回复|答复)|自動回覆|外出",
        r"부재중|자동 ?(?:응답|회신)|תשובה אוטומטית|رد تلقائي",
    ),
    _kind(
        210,
        _("Complaint by its subject"),
        "complaint",
        r"^complaint about message from\b|\babuse (?:report|complaint)\b.{0,40}\[|^email feedback report\b",
    ),
    _kind(
        220,
        _("Unsubscription by its subject"),
        "unsubscription",
        r"^\W{0,3}(?:(?:re|fw|fwd|tr|wg|aw) ?: ?)?(?:please )?(?:unsubscribe|opt[- ]?out|remove me"
        r"|d[eé]sinscri\w+|d[eé]sabonn\w+|abmeld\w+|abbestell\w+|austragen"
        r"|dar(?:me)? de baja|baja|cancelar (?:la )?suscripci[oó]n|disiscri\w+|cancell?ami"
        r"|cancelar (?:a )?(?:subscriç|inscriç)ão|uitschrijven|avprenumerera|отписаться"
        r"|配信停止|退会|購読解除|退订)\W{0,3}$",
    ),
)

RULES: tuple[Rule, ...] = (
    *_AGAINST_CODES,
    *_ABOUT_US,
    *_MAILBOX,
    *_MESSAGE,
    *_DOMAIN,
    *_UNKNOWN,
    *_NETWORK,
    *_KINDS,
)
