"""The files of workflows: what they wrote, to be downloaded, and what they are to read, to be put there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Refused
from operations import files
from operations.admin.activity_links import ActivityLinks, PageLink, activity_links
from operations.models import Activity, Workflow

RUN = "operations.run_workflow"


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), max_length=200, allow_empty_file=True)
    replace = forms.BooleanField(label=gettext_lazy("Replace a file of that name"), required=False)


def files_page(page: Any, request: HttpRequest) -> HttpResponseBase:
    """Both folders; a POST puts a file into `files/in`."""
    _require_permission(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _receive(request, form):
        return HttpResponseRedirect(request.path)
    context = {
        **admin.site.each_context(request),
        "title": _("Files of workflows"),
        "opts": Workflow._meta,
        "written": files.stored(files.outbox()),
        "waiting": files.stored(files.inbox()),
        "form": form,
    }
    return TemplateResponse(request, "admin/operations/workflow/files.html", context)


def file_view(page: Any, request: HttpRequest, name: str) -> FileResponse:
    """A file of `files/out`, streamed."""
    _require_permission(request)
    try:
        return FileResponse(files.opened(files.outbox(), name), as_attachment=True, filename=name)
    except (FileNotFoundError, files.InvalidFileName):
        raise Http404 from None


@activity_links.register("data_extraction_file")
@activity_links.register("data_loading_file")
def _links(activity: Activity, request: HttpRequest) -> ActivityLinks:
    if not request.user.has_perm(RUN):
        return ActivityLinks()
    return ActivityLinks(pages=(PageLink(_("Files"), "folder", reverse("admin:operations_workflow_files")),))


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(RUN):
        raise PermissionDenied


def _receive(request: HttpRequest, form: UploadForm) -> bool:
    upload = form.cleaned_data["file"]
    try:
        files.receive(upload.name, upload.chunks(), replace=form.cleaned_data["replace"])
    except Refused as error:
        form.add_error("file", str(error))
        return False
    messages.success(request, _("“%(name)s” is in the folder files/in.") % {"name": upload.name})
    return True
