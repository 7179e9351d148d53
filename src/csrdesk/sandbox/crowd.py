"""The crowd: invented people without anything special about them, so that look-ups and paging meet numbers.

Made by arithmetic over short lists and so the same on every machine and every run.
"""

from __future__ import annotations

from csrdesk.sandbox.person import ADMINISTRATION, CARE_STAFF, PARTNERS, PATIENTS, DeviceSpec, Person

_SIZE = 240
_FIRST_NUMBER = 1001

# Given and family names as people write them, each with the spelling that goes into usernames and addresses.
_NAMES: tuple[tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]], ...] = (
    (
        (("Amelia", "amelia"), ("Björn", "bjorn"), ("Céline", "celine"), ("Déirdre", "deirdre"), ("Łukasz", "lukasz")),
        (("Åkesson", "akesson"), ("Brandt", "brandt"), ("D'Angelo", "dangelo"), ("Núñez", "nunez"), ("Şahin", "sahin")),
    ),
    (
        (("Анна", "anna"), ("Борис", "boris"), ("Вера", "vera"), ("Олександр", "oleksandr"), ("Яна", "yana")),
        (("Білик", "bilyk"), ("Волкова", "volkova"), ("Козлов", "kozlov"), ("Мельник", "melnyk"), ("Титов", "titov")),
    ),
    (
        (("Ελένη", "eleni"), ("Γιώργος", "giorgos"), ("Μαρία", "maria"), ("Νίκος", "nikos"), ("Χρήστος", "christos")),
        (
            ("Βλάχος", "vlachos"),
            ("Δήμου", "dimou"),
            ("Κόκκινου", "kokkinou"),
            ("Παππά", "pappa"),
            ("Σαμαράς", "samaras"),
        ),
    ),
    (
        (("أمينة", "amina"), ("خالد", "khalid"), ("سلمى", "salma"), ("عمر", "omar"), ("ليلى", "layla")),
        (("بدوي", "badawi"), ("حسن", "hassan"), ("سعيد", "saeed"), ("منصور", "mansour"), ("نجار", "najjar")),
    ),
    (
        (("さくら", "sakura"), ("健太", "kenta"), ("美咲", "misaki"), ("大輔", "daisuke"), ("結衣", "yui")),
        (("高橋", "takahashi"), ("伊藤", "ito"), ("中村", "nakamura"), ("小林", "kobayashi"), ("山口", "yamaguchi")),
    ),
    (
        (("अर्जुन", "arjun"), ("कविता", "kavita"), ("मोहन", "mohan"), ("राधा", "radha"), ("सुनील", "sunil")),
        (("गुप्ता", "gupta"), ("जोशी", "joshi"), ("पटेल", "patel"), ("राव", "rao"), ("सिंह", "singh")),
    ),
)

_POPULATIONS = (CARE_STAFF, PATIENTS, ADMINISTRATION, PATIENTS, PARTNERS, CARE_STAFF, PATIENTS)


def _devices(index: int, phone: str, mailbox: str) -> tuple[DeviceSpec, ...]:
    sms = DeviceSpec(type="SMS", to=phone)
    choices: tuple[tuple[DeviceSpec, ...], ...] = (
        (sms,),
        (),
        (DeviceSpec(type="EMAIL", to=f"{mailbox}@home.example"),),
        (DeviceSpec(type="TOTP"), sms),
        (DeviceSpec(type="FIDO2"),),
    )
    return choices[index % len(choices)]


def _someone(index: int) -> Person:
    given_names, family_names = _NAMES[index % len(_NAMES)]
    turn = index // len(_NAMES)
    given, given_latin = given_names[turn % len(given_names)]
    family, family_latin = family_names[turn // len(given_names) % len(family_names)]
    round_ = turn // (len(given_names) * len(family_names))
    username = f"{given_latin}.{family_latin}{round_ + 1 if round_ else ''}"
    population = _POPULATIONS[index % len(_POPULATIONS)]
    phone = f"+44.7700900{index + 200:03d}"
    return Person(
        username=username,
        given=given,
        family=family,
        number=_FIRST_NUMBER + index,
        email=f"{username}@mail.example",
        phone=phone,
        population=population,
        devices=_devices(index, phone, username),
        in_directory=population not in {PATIENTS, PARTNERS},
        sessions=index % 3,
    )


def crowd() -> tuple[Person, ...]:
    """The same people at each call."""
    return tuple(_someone(index) for index in range(_SIZE))
