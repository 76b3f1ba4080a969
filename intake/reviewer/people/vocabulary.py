"""The closed vocabularies of what a report says; the words are what events store, so none is ever renamed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Sex(StrEnum):
    """Sex as the source gives it."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class CountBasis(StrEnum):
    """How a number of people came about."""

    COUNTED = "counted"
    ESTIMATED = "estimated"
    OFFICIAL = "official"
    MEDIA = "media"


class PlaceKind(StrEnum):
    """What kind of place it is."""

    STREET = "street"
    SQUARE = "square"
    HOME = "home"
    WORKPLACE = "workplace"
    SCHOOL = "school"
    VEHICLE = "vehicle"
    POLICE_DEPT = "police_dept"
    SPECIAL_RECEPTION_CENTRE = "special_reception_centre"
    TEMP_DETENTION_ISOLATOR = "temp_detention_isolator"
    COURT = "court"
    HOSPITAL = "hospital"
    UNIT_MILITARY = "unit_military"
    UNKNOWN = "unknown"


class Script(StrEnum):
    """The letters a name is written in; Cyrillic counts as Kazakh when it has a letter that Russian lacks."""

    CYRL_KK = "cyrl_kk"
    CYRL_RU = "cyrl_ru"
    LATN = "latn"
    ARAB = "arab"
    UNKNOWN = "unknown"


class HeardOrRead(StrEnum):
    """Whether whoever wrote a name down had heard it or seen it written."""

    HEARD = "heard"
    READ = "read"
    UNKNOWN = "unknown"


class BasisKind(StrEnum):
    """How a source knows."""

    SELF = "self"
    SAW = "saw"
    HEARD_FROM_PERSON_PRESENT = "heard_from_person_present"
    HEARD_FROM_DETAINEE_BY_PHONE = "heard_from_detainee_by_phone"
    HEARD_FROM_OTHERS = "heard_from_others"
    OFFICIAL_DOCUMENT = "official_document"
    OFFICIAL_SPOKESMAN = "official_spokesman"
    READ_MEDIA = "read_media"
    SAW_VIDEO = "saw_video"
    CUSTODY_VIDEO_STATEMENT = "custody_video_statement"


class AgeBand(StrEnum):
    """The age bands of the forms."""

    UNDER_14 = "<14"
    FROM_14 = "14-15"
    FROM_16 = "16-17"
    FROM_18 = "18-29"
    FROM_30 = "30-59"
    FROM_60 = "60+"
    UNKNOWN = "unknown"


AGES: Final[dict[AgeBand, tuple[int | None, int | None]]] = {
    AgeBand.UNDER_14: (0, 13),
    AgeBand.FROM_14: (14, 15),
    AgeBand.FROM_16: (16, 17),
    AgeBand.FROM_18: (18, 29),
    AgeBand.FROM_30: (30, 59),
    AgeBand.FROM_60: (60, None),
    AgeBand.UNKNOWN: (None, None),
}
"""Least and most age of each band, both included; None is open."""
