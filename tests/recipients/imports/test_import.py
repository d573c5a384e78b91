from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Refused
from recipients.imports import ImportReport, UnusableFile, import_file
from recipients.imports.mapping import InvalidMapping
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
MAPPING = {"email": "E-mail", "first_name": "Prénom"}


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def imported(folder: Path, content: str | bytes, mapping: dict[str, str] = MAPPING, **options: Any) -> ImportReport:
    return import_file(write(folder, content), mapping=mapping, **{"key": "email", **options})


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.rejected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_encoding_and_the_delimiter_are_found_out(encoding: str, delimiter: str, tmp_path: Path) -> None:
    text = f'E-mail{delimiter}Prénom\r\nann@x.org{delimiter}"Élo,die; ""E"""\r\n'

    report = imported(tmp_path, text.encode(encoding))

    assert counts(report) == (1, 0, 0, 0)
    assert Recipient.objects.values_list("email", "first_name").get() == ("ann@x.org", 'Élo,die; "E"')


def test_people_are_created_updated_and_left_alone_by_key_and_counted_exactly(tmp_path: Path) -> None:
    old = make_recipient(1, email="Old@x.org", first_name="Old", last_name="Kept", attributes={"vip": "yes"})
    same = make_recipient(2, email="same@x.org", first_name="Same")
    text = "E-mail,Prénom\nold@x.org,New\nsame@x.org,Same\nfresh@x.org,Fresh\nnot an address,X\n,Nobody\n"
    text += "fresh@x.org,Again\n"

    report = imported(tmp_path, text)

    assert counts(report) == (1, 2, 1, 2)
    assert [line for line, _reason in report.errors] == [5, 6]
    assert "not an e-mail address" in report.errors[0][1]
    old.refresh_from_db()
    assert (old.email, old.first_name, old.last_name, old.attributes) == ("old@x.org", "New", "Kept", {"vip": "yes"})
    assert Recipient.objects.get(email="fresh@x.org").first_name == "Again"
    assert Recipient.objects.get(pk=same.pk).updated_at == same.updated_at


def test_every_field_is_read_as_its_type(tmp_path: Path) -> None:
    mapping = {
        "email": "a",
        "birth_date": "b",
        "gender": "c",
        "country_code": "d",
        "language": "e",
        "denylist.email": "f",
        "attributes.shoe size": "g",
        "mobile_phone": "h",
    }
    header = "a;b;c;d;e;f;g;h\n"
    lines = "x@x.org;29/02/1988;Mme;fr;fr;oui;42;+33 6 00\n"
    lines += "y@x.org;1990-12-31;F;fr;fr;oui;=1+1;+33 6 00 00 00 00\nz@x.org;31/02/1990;;;;;;\n"

    report = imported(tmp_path, header + lines, mapping)

    assert counts(report) == (1, 0, 0, 2)
    assert report.errors[0][1].startswith("gender:") and report.errors[1][1].startswith("birth_date:")
    row = Recipient.objects.get()
    assert (row.birth_date, row.gender, row.country_code) == (date(1990, 12, 31), "female", "FR")
    assert (row.denylist_email, row.attributes) == (True, {"shoe size": "=1+1"})


def test_an_empty_cell_changes_nothing(tmp_path: Path) -> None:
    row = make_recipient(1, email="ann@x.org", first_name="Ann")

    assert counts(imported(tmp_path, "E-mail,Prénom\nann@x.org,\n")) == (0, 0, 1, 0)

    row.refresh_from_db()
    assert row.first_name == "Ann"


def test_a_key_that_two_people_share_is_rejected_and_neither_is_touched(tmp_path: Path) -> None:
    make_recipients(2, email="both@x.org", first_name="Kept")

    report = imported(tmp_path, "E-mail,Prénom\nBOTH@x.org,New\n")

    assert counts(report) == (0, 0, 0, 1)
    assert set(Recipient.objects.values_list("first_name", flat=True)) == {"Kept"}


def test_a_mobile_phone_can_be_the_key(tmp_path: Path) -> None:
    row = make_recipient(1, mobile_phone="+33600000000", first_name="Old")
    mapping = {"mobile_phone": "tel", "first_name": "Prénom"}

    assert counts(imported(tmp_path, "tel,Prénom\n+33600000000,New\n", mapping, key="mobile_phone")) == (0, 1, 0, 0)

    row.refresh_from_db()
    assert row.first_name == "New"


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path) -> None:
    make_recipient(1, email="old@x.org", first_name="Old")
    text = "E-mail,Prénom\nold@x.org,New\n" + "".join(f"p{n % 1500}@x.org,P\n" for n in range(2000)) + "bad,X\n"

    rehearsal = imported(tmp_path, text, dry_run=True)

    assert Recipient.objects.count() == 1
    assert Recipient.objects.get().first_name == "Old"
    assert counts(rehearsal) == counts(imported(tmp_path, text)) == (1500, 1, 500, 1)


def test_names_that_look_like_formulas_markup_or_templates_are_data(tmp_path: Path) -> None:
    name = "=cmd|' /C calc'!A0 <script>alert(1)</script> {{ 7*7 }}"

    imported(tmp_path, f'E-mail,Prénom\nann@x.org,"{name}"\n')

    assert Recipient.objects.get().first_name == name


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest of a workbook", "Excel"),
        ("E-mail,Prénom\n".encode("utf-16"), "UTF-16"),
        ("E-mail,Prénom\n".encode("utf-16-le"), "null bytes"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "null bytes"),
        (b"E-mail,Pr\x81nom\n", "UTF-8"),
        (b"E-mail,Pr\xc3\xa9nom\nann@x.org," + b"x" * 1_000_001, "Line 2 is longer"),
        ("E-mail,E-mail,Prénom\n", "Several columns"),
        (",".join(f"c{n}" for n in range(1001)), "more than 1000 columns"),
        ('E-mail,Prénom\nann@x.org,"Ann\nbob@x.org,Bob\n', "Line 2"),
        ('E-mail,Prénom\nann@x.org,Ann\nbob@x.org,"Bob"by\n', "Line 3"),
        ('E-mail,Prénom\nann@x.org,"' + "x\n" * 100_000, "Line 2"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence_and_imports_nothing(
    content: str | bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusableFile, match=reason):
        imported(tmp_path, content)

    assert not Recipient.objects.exists()


def test_a_fault_far_into_the_file_imports_nothing_either(tmp_path: Path) -> None:
    text = "E-mail,Prénom\n" + "".join(f"p{n}@x.org,P\n" for n in range(3000)) + 'last@x.org,"never closed\n'

    with pytest.raises(UnusableFile, match="Line 3002"):
        imported(tmp_path, text)

    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ({"email": "Mail"}, "Mail"),
        ({"email": "E-mail", "id": "Prénom"}, "id"),
        ({"email": "E-mail", "subscriptions__service": "Prénom"}, "subscriptions__service"),
        ({"email": "E-mail", 'attributes.a"b': "Prénom"}, "attributes"),
        ({"first_name": "Prénom"}, "key"),
    ],
)
def test_a_wrong_mapping_is_named(mapping: dict[str, str], named: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match=named):
        imported(tmp_path, "E-mail,Prénom\nann@x.org,Ann\n", mapping)

    assert not Recipient.objects.exists()


def test_a_line_with_missing_cells_is_rejected_by_its_number(tmp_path: Path) -> None:
    report = imported(tmp_path, 'E-mail,Prénom\nann@x.org,"two\nlines"\n\nbob@x.org\neve@x.org,Eve\n')

    assert counts(report) == (2, 0, 0, 1)
    assert report.errors[0][0] == 5


def test_a_batch_is_written_as_a_set(tmp_path: Path) -> None:
    numbers = []
    for size in (3, 300):
        make_recipients(size, email="", first_name="Old")
        for row in Recipient.objects.filter(email=""):
            Recipient.objects.filter(pk=row.pk).update(email=f"old{size}-{row.pk}@x.org")
        olds = Recipient.objects.filter(email__startswith=f"old{size}-").values_list("email", flat=True)
        lines = [f"{email},New\n" for email in olds] + [f"new{size}-{n}@x.org,P\n" for n in range(size)]
        with CaptureQueriesContext(connection) as queries:
            report = imported(tmp_path, "E-mail,Prénom\n" + "".join(lines))
        assert counts(report) == (size, size, 0, 0)
        numbers.append(len(queries))

    # SQLite takes some 60 rows in one INSERT.
    assert numbers[1] - numbers[0] <= (10 if connection.vendor == "sqlite" else 0)


def command(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_recipients", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_answers_counts_and_tells_progress_and_errors_on_stderr(tmp_path: Path) -> None:
    path = write(tmp_path, "E-mail,Prénom\nann@x.org,Ann\nwrong,X\n")

    out, err = command(str(path), "--mapping", "email=E-mail,first_name=Prénom", "--key", "email", "--json")

    document = json.loads(out)
    assert {name: document[name] for name in ("created", "updated", "unchanged", "rejected")} == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
    }
    assert document["errors"][0]["line"] == 3
    assert "2 of 2 lines" in err and "Line 3" in err


def test_the_command_says_when_nothing_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, "E-mail,Prénom\nann@x.org,Ann\n")

    out, _err = command(str(path), "--mapping", "email=E-mail", "--dry-run")

    assert "1 created" in out and "nothing was written" in out
    assert not Recipient.objects.exists()


@pytest.mark.parametrize("mapping", ["email", "email=", "=E-mail", "email=E-mail,email=Prénom", "nope=E-mail", ""])
def test_the_command_refuses_in_one_line(mapping: str, tmp_path: Path) -> None:
    path = write(tmp_path, "E-mail,Prénom\nann@x.org,Ann\n")

    with pytest.raises((CommandError, Refused)) as caught:
        command(str(path), "--mapping", mapping)

    assert "\n" not in str(caught.value)
    assert not Recipient.objects.exists()


def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        command(str(tmp_path / "absent.csv"), "--mapping", "email=E-mail")
    with pytest.raises(CommandError, match="can't be read"):
        command(str(tmp_path), "--mapping", "email=E-mail")
