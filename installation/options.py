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

QUARANTINE_SOFT_ERRORS = declare(
    IntegerOption(
        "QUARANTINE_SOFT_ERRORS",
        default=5,
        minimum=0,
        maximum=1000,
        help=gettext_lazy("How many significant soft errors an address may have; the next one quarantines it."),
    )
)
QUARANTINE_SIGNIFICANT_HOURS = declare(
    IntegerOption(
        "QUARANTINE_SIGNIFICANT_HOURS",
        default=24,
        minimum=0,
        maximum=24 * 365,
        help=gettext_lazy("Hours between two soft errors of an address that both count."),
    )
)
QUARANTINE_RESET_DAYS = declare(
    IntegerOption(
        "QUARANTINE_RESET_DAYS",
        default=10,
        minimum=1,
        maximum=3650,
        help=gettext_lazy("Days without a significant error after which the errors of an address are forgotten."),
    )
)
QUARANTINE_MAILBOX_FULL_DAYS = declare(
    IntegerOption(
        "QUARANTINE_MAILBOX_FULL_DAYS",
        default=30,
        minimum=1,
        maximum=3650,
        help=gettext_lazy("Days after which an address whose mailbox was full leaves quarantine."),
    )
)
INBOUND_BOUNCE_DAYS = declare(
    IntegerOption(
        "INBOUND_BOUNCE_DAYS",
        default=30,
        minimum=1,
        maximum=3650,
        help=gettext_lazy("Days after its message in which a bounce still counts."),
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


def get_options(*wanted: IntegerOption) -> dict[str, int]:
    """The live values of several options by name, in one query."""
    names = [option.name for option in wanted]
    found = dict(Option.objects.filter(name__in=names).values_list("name", "value"))
    return {option.name: option.clean(found.get(option.name, option.default)) for option in wanted}


def set_option(name: str, value: Any) -> int:
    cleaned = declared(name).clean(value)
    Option.objects.update_or_create(name=name, defaults={"value": cleaned})
    return cleaned
