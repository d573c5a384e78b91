"""workflow-files: what workflows wrote, to be listed and downloaded, and files for them, to be uploaded."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.permissions import ModelPermissions
from operations import files

FOLDERS = {"in": files.inbox, "out": files.outbox}
RUN = "operations.run_workflow"


class StoredFileSerializer(serializers.Serializer[files.StoredFile]):
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    modified_at = serializers.DateTimeField()


class FilesSerializer(serializers.Serializer[Any]):
    """By folder, the newest first."""

    out = StoredFileSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        # A word of the language can't name an attribute of the class.
        return {"in": StoredFileSerializer(many=True), **super().get_fields()}


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(max_length=200, allow_empty_file=True)
    replace = serializers.BooleanField(default=False, help_text="One of that name may be replaced.")


class WorkflowFileViewSet(viewsets.ViewSet):
    permission_classes = [ModelPermissions]
    action_permissions = {"list": RUN, "retrieve": RUN, "create": RUN}
    parser_classes = [MultiPartParser]
    lookup_field = "name"
    lookup_value_regex = "[^/]+"

    @extend_schema(responses=FilesSerializer)
    def list(self, request: Request) -> Response:
        """The files of `files/in` and `files/out`."""
        found = {code: files.stored(folder()) for code, folder in FOLDERS.items()}
        return Response(FilesSerializer(found).data)

    @extend_schema(
        parameters=[OpenApiParameter("name", str, "path")],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def retrieve(self, request: Request, name: str) -> FileResponse:
        """A file of `files/out`, streamed."""
        try:
            return FileResponse(files.opened(files.outbox(), name), as_attachment=True, filename=name)
        except (FileNotFoundError, files.InvalidFileName):
            raise NotFound from None

    @extend_schema(request=UploadSerializer, responses={201: StoredFileSerializer})
    def create(self, request: Request) -> Response:
        """A file for `files/in`, under the name it has."""
        given = UploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        upload = given.validated_data["file"]
        files.receive(upload.name, upload.chunks(), replace=given.validated_data["replace"])
        found = next(file for file in files.stored(files.inbox()) if file.name == upload.name)
        return Response(StoredFileSerializer(found).data, status=201)
