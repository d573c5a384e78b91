"""Serializer fields: slugs outside, codes inside."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.states import SlugChoices


class SlugChoiceField(serializers.Field[Any, Any, Any, Any]):
    """Shows an integer choice as its slug and reads it back."""

    def __init__(self, choices: type[SlugChoices], **kwargs: Any) -> None:
        self.choices = choices
        super().__init__(**kwargs)

    def to_representation(self, value: int) -> str:
        return self.choices(value).slug

    def to_internal_value(self, data: Any) -> int:
        try:
            return int(self.choices.from_slug(str(data)))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
