"""What saved states know of a caller: a name to say, and nothing to use."""

from __future__ import annotations

import pytest

from csrdesk.model.link import LinkStage
from csrdesk.model.people import Person, Protection


@pytest.mark.parametrize(
    ("person", "name"),
    [
        (Person("1", "ada", "Ada", "Lovelace"), "Ada Lovelace"),
        (Person("1", "ada", "Ada"), "Ada"),
        (Person("1", "ada", family="Lovelace"), "Lovelace"),
        (Person("1", "ada"), "ada"),
    ],
)
def test_a_person_without_a_name_is_called_by_the_user_name(person: Person, name: str) -> None:
    assert person.name == name


def test_a_protected_account_is_one_with_a_reason() -> None:
    assert not Protection().protected
    assert not Protection(dn="CN=Ada").protected
    assert Protection(("adminCount is 1",)).protected


def test_a_link_is_open_until_one_of_its_eight_ends_or_while_a_password_is_written() -> None:
    closed = [stage for stage in LinkStage if not stage.open]
    assert closed == [LinkStage.SETTING, *list(LinkStage)[-8:]]
