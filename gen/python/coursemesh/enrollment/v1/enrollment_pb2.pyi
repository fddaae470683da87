import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrollmentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENROLLMENT_STATE_UNSPECIFIED: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_PENDING: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_ACTIVE: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_COMPLETED: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_DECLINED: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_CANCELLED: _ClassVar[EnrollmentState]
    ENROLLMENT_STATE_EXPIRED: _ClassVar[EnrollmentState]
ENROLLMENT_STATE_UNSPECIFIED: EnrollmentState
ENROLLMENT_STATE_PENDING: EnrollmentState
ENROLLMENT_STATE_ACTIVE: EnrollmentState
ENROLLMENT_STATE_COMPLETED: EnrollmentState
ENROLLMENT_STATE_DECLINED: EnrollmentState
ENROLLMENT_STATE_CANCELLED: EnrollmentState
ENROLLMENT_STATE_EXPIRED: EnrollmentState

class Money(_message.Message):
    __slots__ = ("amount_minor", "currency_code")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    currency_code: str
    def __init__(self, amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...

class Enrollment(_message.Message):
    __slots__ = ("id", "learner_id", "course_id", "course_title", "state", "price", "completed_lesson_ids", "progress_percent", "decline_reason", "certificate_code", "create_time", "update_time", "expire_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_LESSON_IDS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DECLINE_REASON_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_CODE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    learner_id: str
    course_id: str
    course_title: str
    state: EnrollmentState
    price: Money
    completed_lesson_ids: _containers.RepeatedScalarFieldContainer[str]
    progress_percent: int
    decline_reason: str
    certificate_code: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ..., state: _Optional[_Union[EnrollmentState, str]] = ..., price: _Optional[_Union[Money, _Mapping]] = ..., completed_lesson_ids: _Optional[_Iterable[str]] = ..., progress_percent: _Optional[int] = ..., decline_reason: _Optional[str] = ..., certificate_code: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Certificate(_message.Message):
    __slots__ = ("code", "learner_name", "course_id", "course_title", "issue_time")
    CODE_FIELD_NUMBER: _ClassVar[int]
    LEARNER_NAME_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TIME_FIELD_NUMBER: _ClassVar[int]
    code: str
    learner_name: str
    course_id: str
    course_title: str
    issue_time: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., learner_name: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ..., issue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
