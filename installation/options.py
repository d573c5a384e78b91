"""The declared live options: name, default, and what a value may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.registry import Registry
from installation.models import Option


class InvalidOption(ValueError):
    """The option does not exist or can't take this value."""


@dataclass(frozen=True)
class IntegerOption:
    """A whole number between two bounds, both included."""

    name: str
    default: int
    minimum: int
    maximum: int
    help: Any

    def clean(self, value: Any) -> int:
        try:
            number = int(str(value))
        except ValueError:
            number = self.minimum - 1
        if isinstance(value, bool) or not self.minimum <= number <= self.maximum:
            raise InvalidOption(
                _("%(name)s takes a whole number from %(minimum)d to %(maximum)d, not %(value)s.")
                % {"name": self.name, "minimum": self.minimum, "maximum": self.maximum, "value": value}
            )
        return number


options: Registry[IntegerOption] = Registry("options")


def declare(option: IntegerOption) -> IntegerOption:
    options.add(option.name, option)
    return option


OPERATION_CONCURRENCY_LIMIT = declare(
    IntegerOption(
        "OPERATION_CONCURRENCY_LIMIT",
        default=10,
        minimum=1,
        maximum=10_000,
        help=gettext_lazy("How many operations may send at the same time; the others wait."),
    )
)


def declared(name: str) -> IntegerOption:
    if name not in options:
        raise InvalidOption(
            _("There is no option %(name)s; there are %(names)s.") % {"name": name, "names": ", ".join(options.codes())}
        )
    return options.get(name)


def get_option(name: str) -> int:
    """The live value: what an administrator set, else the default."""
    option = declared(name)
    value = Option.objects.filter(name=name).values_list("value", flat=True).first()
    return option.default if value is None else option.clean(value)


def set_option(name: str, value: Any) -> int:
    cleaned = declared(name).clean(value)
    Option.objects.update_or_create(name=name, defaults={"value": cleaned})
    return cleaned
