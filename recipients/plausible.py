r"""Which texts can be an e-mail address at all: the rule in Python's and PostgreSQL's regular expressions, and in SQL.

The verdict is a stored column of Recipient. Whoever alters the rule writes a migration that makes the column again.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Func

# Letters beyond ASCII, without separators, controls and surrogates; the same ranges in Python and PostgreSQL.
BEYOND = "\u00a1-\u1fff\u2c00-\u2fef\u3005-\ud7ff\uf900-\ufeef\U00010000-\U0010ffff"
_SIGNS = "!#$%&'*+/=?^_`{|}~"
ATOM = f"[A-Za-z0-9{_SIGNS}{BEYOND}-]+"
_ALNUM = f"[A-Za-z0-9{BEYOND}]"
LABEL = f"{_ALNUM}([A-Za-z0-9{BEYOND}-]*{_ALNUM})?"
# Spaces around the address are the import's, not the address's: they are trimmed before it is used.
PLAUSIBLE = rf"^ *{ATOM}(\.{ATOM})*@{LABEL}(\.{LABEL})+ *\Z"
MAXIMUM_LOCAL_PART = 64


class IsPlausible(Func):
    """Whether a text can be an e-mail address; its local part is counted in characters.

    Counted in the regular expression ({1,64}) the local part would cost ten times the rest.
    """

    arity = 1
    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        text, given = compiler.compile(self.source_expressions[0])
        short = f"STRPOS(TRIM(BOTH ' ' FROM {text}), '@') <= %s"
        return f"({text} ~ %s AND {short})", [*given, PLAUSIBLE, *given, MAXIMUM_LOCAL_PART + 1]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Its REGEXP is a function of ours, that other programs which write to the file don't have. No space after a
        # comma: Django, when it reads the table's definition, takes it for the end of a column.
        text, given = compiler.compile(self.source_expressions[0])
        local = f"SUBSTR(TRIM({text}),1,INSTR(TRIM({text}),'@') - 1)"
        domain = f"SUBSTR(TRIM({text}),INSTR(TRIM({text}),'@') + 1)"
        tests = [
            (f"INSTR(TRIM({text}),'@') BETWEEN 2 AND %s", MAXIMUM_LOCAL_PART + 1),
            (f"{local} NOT GLOB %s", f"*[^A-Za-z0-9.{_SIGNS}{BEYOND}-]*"),
            (f"{domain} NOT GLOB %s", f"*[^A-Za-z0-9.{BEYOND}-]*"),
            (f"INSTR({domain},%s) > 0", "."),
            # No atom and no label is empty; no label begins or ends with a hyphen.
            (f"INSTR('.' || TRIM({text}) || '.',%s) = 0", ".."),
            *((f"INSTR('.' || {domain} || '.',%s) = 0", pair) for pair in ("..", ".-", "-.")),
            (f"INSTR(TRIM({text}),%s) = 0", ".@"),
        ]
        parameters = [each for test, value in tests for each in (*given * test.count(text), value)]
        return f"({' AND '.join(test for test, _value in tests)})", parameters
