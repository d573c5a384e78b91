from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from operations import files
from tests.operations.factories import activity, drawing, make_workflow

pytestmark = pytest.mark.django_db
PAGE, API = "/admin/operations/workflow/files/", "/api/v1/workflow-files/"
BAD_NAMES = ["../secret", ".hidden", "a/b.csv", "", "x" * 201, "é" * 130]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "files"


@pytest.fixture
def runner() -> User:
    user = User.objects.create_user("runner", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["run_workflow", "view_workflow"]))
    return user


@pytest.fixture
def stranger() -> User:
    user = User.objects.create_user("stranger", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_workflow"))
    return user


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(name: str, text: str = "a,b\r\n") -> None:
    with files.written(name) as file:
        file.write(text)


def upload(name: str, content: bytes = b"a;b") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_what_a_workflow_wrote_is_listed_and_downloaded(runner: User) -> None:
    write("people.csv")
    page, api = page_of(runner), api_of(runner)

    assert "people.csv" in page.get(PAGE).content.decode()
    answer = page.get(f"{PAGE}people.csv")
    assert b"".join(answer.streaming_content) == b"a,b\r\n"  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert [(file["name"], file["size"]) for file in api.get(API).json()["out"]] == [("people.csv", 5)]
    downloaded: Any = api.get(f"{API}people.csv/")
    assert b"".join(downloaded.streaming_content) == b"a,b\r\n"


def test_unfinished_files_links_and_other_folders_are_not_there(runner: User, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("x")
    (files.outbox() / ".unfinished").write_text("x")
    (files.outbox() / "link.csv").symlink_to(tmp_path / "secret.csv")
    (files.inbox() / "mine.csv").write_text("x")

    assert api_of(runner).get(API).json()["out"] == []
    for name in ("link.csv", ".unfinished", "mine.csv", "missing.csv"):
        assert page_of(runner).get(f"{PAGE}{name}").status_code == 404
        assert api_of(runner).get(f"{API}{name}/").status_code == 404
    with pytest.raises(files.InvalidFileName):
        files.opened(files.outbox(), "../../secret.csv")


def test_a_file_is_uploaded_on_the_page_and_through_the_api(runner: User, folder: Path) -> None:
    answer = page_of(runner).post(PAGE, {"file": upload("one.csv")}, follow=True)
    assert "“one.csv” is in the folder files/in." in answer.content.decode()

    told = api_of(runner).post(API, {"file": upload("two.csv")}, format="multipart")
    assert (told.status_code, told.json()["name"], told.json()["size"]) == (201, "two.csv", 3)
    assert names(folder / "in") == ["one.csv", "two.csv"]


def test_a_file_is_replaced_only_when_that_is_asked_for(runner: User, folder: Path) -> None:
    api = api_of(runner)
    api.post(API, {"file": upload("one.csv", b"old")}, format="multipart")

    refused = api.post(API, {"file": upload("one.csv", b"new")}, format="multipart")
    assert (refused.status_code, refused.json()["code"]) == (409, "file_exists")
    page = page_of(runner).post(PAGE, {"file": upload("one.csv", b"new")})
    assert "already" in page.content.decode()
    assert (folder / "in" / "one.csv").read_bytes() == b"old"

    assert api.post(API, {"file": upload("one.csv", b"new"), "replace": True}, format="multipart").status_code == 201
    assert names(folder / "in") == ["one.csv"]
    assert (folder / "in" / "one.csv").read_bytes() == b"new"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_not_one_of_a_file_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(files.InvalidFileName):
        files.receive(name, [b"x"])


def test_a_file_that_is_too_large_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAXIMUM_UPLOAD", 4)

    with pytest.raises(files.FileTooLarge):
        files.receive("big.csv", [b"abc", b"de"])

    assert names(folder / "in") == []


def test_who_may_not_run_workflows_sees_and_writes_no_file(stranger: User) -> None:
    write("people.csv")
    page, api = page_of(stranger), api_of(stranger)

    assert [page.get(PAGE).status_code, page.get(f"{PAGE}people.csv").status_code] == [403, 403]
    assert page.post(PAGE, {"file": upload("a.csv")}).status_code == 403
    assert [api.get(API).status_code, api.get(f"{API}people.csv/").status_code] == [403, 403]
    assert api.post(API, {"file": upload("a.csv")}, format="multipart").status_code == 403
    assert names(files.inbox()) == []


def test_the_node_that_writes_files_leads_to_them(runner: User, stranger: User, now: datetime) -> None:
    runner.user_permissions.add(Permission.objects.get(codename="change_workflow"))
    stranger.user_permissions.add(Permission.objects.get(codename="change_workflow"))
    workflow = make_workflow(drawing([activity("x", "data_extraction_file")]), now=now)
    body = json.dumps({"name": "x", "type": "data_extraction_file", "config": {}, "sources": []})
    address = f"/admin/operations/workflow/{workflow.pk}/canvas/validate/"

    pages = [
        page_of(user).post(address, body, content_type="application/json").json()["pages"]
        for user in (runner, stranger)
    ]

    assert pages == [[{"label": "Files", "icon": "folder", "url": PAGE}], []]
