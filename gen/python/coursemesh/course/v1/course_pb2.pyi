import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Level(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEVEL_UNSPECIFIED: _ClassVar[Level]
    LEVEL_BEGINNER: _ClassVar[Level]
    LEVEL_INTERMEDIATE: _ClassVar[Level]
    LEVEL_ADVANCED: _ClassVar[Level]

class CourseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COURSE_STATE_UNSPECIFIED: _ClassVar[CourseState]
    COURSE_STATE_DRAFT: _ClassVar[CourseState]
    COURSE_STATE_PUBLISHED: _ClassVar[CourseState]
    COURSE_STATE_ARCHIVED: _ClassVar[CourseState]
LEVEL_UNSPECIFIED: Level
LEVEL_BEGINNER: Level
LEVEL_INTERMEDIATE: Level
LEVEL_ADVANCED: Level
COURSE_STATE_UNSPECIFIED: CourseState
COURSE_STATE_DRAFT: CourseState
COURSE_STATE_PUBLISHED: CourseState
COURSE_STATE_ARCHIVED: CourseState

class Money(_message.Message):
    __slots__ = ("amount_minor", "currency_code")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    currency_code: str
    def __init__(self, amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...

class Lesson(_message.Message):
    __slots__ = ("id", "title", "content", "duration_minutes")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    DURATION_MINUTES_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    content: str
    duration_minutes: int
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., content: _Optional[str] = ..., duration_minutes: _Optional[int] = ...) -> None: ...

class Module(_message.Message):
    __slots__ = ("id", "title", "lessons")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LESSONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    lessons: _containers.RepeatedCompositeFieldContainer[Lesson]
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., lessons: _Optional[_Iterable[_Union[Lesson, _Mapping]]] = ...) -> None: ...

class Course(_message.Message):
    __slots__ = ("id", "instructor_id", "title", "summary", "description", "level", "language", "tags", "price", "capacity", "modules", "state", "version", "etag", "create_time", "update_time", "publish_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTOR_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    instructor_id: str
    title: str
    summary: str
    description: str
    level: Level
    language: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    price: Money
    capacity: int
    modules: _containers.RepeatedCompositeFieldContainer[Module]
    state: CourseState
    version: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    publish_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., instructor_id: _Optional[str] = ..., title: _Optional[str] = ..., summary: _Optional[str] = ..., description: _Optional[str] = ..., level: _Optional[_Union[Level, str]] = ..., language: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., price: _Optional[_Union[Money, _Mapping]] = ..., capacity: _Optional[int] = ..., modules: _Optional[_Iterable[_Union[Module, _Mapping]]] = ..., state: _Optional[_Union[CourseState, str]] = ..., version: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., publish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CourseDraft(_message.Message):
    __slots__ = ("title", "summary", "description", "level", "language", "tags", "price", "capacity", "modules")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    title: str
    summary: str
    description: str
    level: Level
    language: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    price: Money
    capacity: int
    modules: _containers.RepeatedCompositeFieldContainer[Module]
    def __init__(self, title: _Optional[str] = ..., summary: _Optional[str] = ..., description: _Optional[str] = ..., level: _Optional[_Union[Level, str]] = ..., language: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., price: _Optional[_Union[Money, _Mapping]] = ..., capacity: _Optional[int] = ..., modules: _Optional[_Iterable[_Union[Module, _Mapping]]] = ...) -> None: ...
