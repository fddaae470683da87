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
LEVEL_UNSPECIFIED: Level
LEVEL_BEGINNER: Level
LEVEL_INTERMEDIATE: Level
LEVEL_ADVANCED: Level

class Money(_message.Message):
    __slots__ = ("amount_minor", "currency_code")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    currency_code: str
    def __init__(self, amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...

class CourseSummary(_message.Message):
    __slots__ = ("course_id", "title", "summary", "level", "language", "tags", "price", "learner_count")
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    LEARNER_COUNT_FIELD_NUMBER: _ClassVar[int]
    course_id: str
    title: str
    summary: str
    level: Level
    language: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    price: Money
    learner_count: int
    def __init__(self, course_id: _Optional[str] = ..., title: _Optional[str] = ..., summary: _Optional[str] = ..., level: _Optional[_Union[Level, str]] = ..., language: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., price: _Optional[_Union[Money, _Mapping]] = ..., learner_count: _Optional[int] = ...) -> None: ...

class Highlight(_message.Message):
    __slots__ = ("field", "fragment")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    field: str
    fragment: str
    def __init__(self, field: _Optional[str] = ..., fragment: _Optional[str] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("course", "score", "highlights")
    COURSE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    HIGHLIGHTS_FIELD_NUMBER: _ClassVar[int]
    course: CourseSummary
    score: float
    highlights: _containers.RepeatedCompositeFieldContainer[Highlight]
    def __init__(self, course: _Optional[_Union[CourseSummary, _Mapping]] = ..., score: _Optional[float] = ..., highlights: _Optional[_Iterable[_Union[Highlight, _Mapping]]] = ...) -> None: ...

class FacetValue(_message.Message):
    __slots__ = ("value", "count")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    value: str
    count: int
    def __init__(self, value: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Facet(_message.Message):
    __slots__ = ("field", "values")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    field: str
    values: _containers.RepeatedCompositeFieldContainer[FacetValue]
    def __init__(self, field: _Optional[str] = ..., values: _Optional[_Iterable[_Union[FacetValue, _Mapping]]] = ...) -> None: ...

class StreamPosition(_message.Message):
    __slots__ = ("stream", "applied_sequence", "lag")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    APPLIED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAG_FIELD_NUMBER: _ClassVar[int]
    stream: str
    applied_sequence: int
    lag: int
    def __init__(self, stream: _Optional[str] = ..., applied_sequence: _Optional[int] = ..., lag: _Optional[int] = ...) -> None: ...

class IndexStatus(_message.Message):
    __slots__ = ("document_count", "positions", "build_time", "rebuilding")
    DOCUMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    BUILD_TIME_FIELD_NUMBER: _ClassVar[int]
    REBUILDING_FIELD_NUMBER: _ClassVar[int]
    document_count: int
    positions: _containers.RepeatedCompositeFieldContainer[StreamPosition]
    build_time: _timestamp_pb2.Timestamp
    rebuilding: bool
    def __init__(self, document_count: _Optional[int] = ..., positions: _Optional[_Iterable[_Union[StreamPosition, _Mapping]]] = ..., build_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rebuilding: _Optional[bool] = ...) -> None: ...
