import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_WELCOME: _ClassVar[Kind]
    KIND_ENROLLMENT_ACTIVATED: _ClassVar[Kind]
    KIND_ENROLLMENT_CANCELLED: _ClassVar[Kind]
    KIND_PAYMENT_DECLINED: _ClassVar[Kind]
    KIND_PAYMENT_REFUNDED: _ClassVar[Kind]
    KIND_CERTIFICATE_ISSUED: _ClassVar[Kind]
    KIND_COURSE_PUBLISHED: _ClassVar[Kind]

class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_UNSPECIFIED: _ClassVar[Channel]
    CHANNEL_IN_APP: _ClassVar[Channel]
    CHANNEL_EMAIL: _ClassVar[Channel]
KIND_UNSPECIFIED: Kind
KIND_WELCOME: Kind
KIND_ENROLLMENT_ACTIVATED: Kind
KIND_ENROLLMENT_CANCELLED: Kind
KIND_PAYMENT_DECLINED: Kind
KIND_PAYMENT_REFUNDED: Kind
KIND_CERTIFICATE_ISSUED: Kind
KIND_COURSE_PUBLISHED: Kind
CHANNEL_UNSPECIFIED: Channel
CHANNEL_IN_APP: Channel
CHANNEL_EMAIL: Channel

class Notification(_message.Message):
    __slots__ = ("id", "recipient_id", "kind", "title", "body", "subject_id", "create_time", "read_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    recipient_id: str
    kind: Kind
    title: str
    body: str
    subject_id: str
    create_time: _timestamp_pb2.Timestamp
    read_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., recipient_id: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., title: _Optional[str] = ..., body: _Optional[str] = ..., subject_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Preference(_message.Message):
    __slots__ = ("kind", "channel", "enabled")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    kind: Kind
    channel: Channel
    enabled: bool
    def __init__(self, kind: _Optional[_Union[Kind, str]] = ..., channel: _Optional[_Union[Channel, str]] = ..., enabled: _Optional[bool] = ...) -> None: ...

class Preferences(_message.Message):
    __slots__ = ("preferences", "followed_tags")
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    FOLLOWED_TAGS_FIELD_NUMBER: _ClassVar[int]
    preferences: _containers.RepeatedCompositeFieldContainer[Preference]
    followed_tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, preferences: _Optional[_Iterable[_Union[Preference, _Mapping]]] = ..., followed_tags: _Optional[_Iterable[str]] = ...) -> None: ...
