import datetime

from coursemesh.enrollment.v1 import enrollment_pb2 as _enrollment_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrollmentRequested(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title", "price", "payment_token")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    price: _enrollment_pb2.Money
    payment_token: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ..., price: _Optional[_Union[_enrollment_pb2.Money, _Mapping]] = ..., payment_token: _Optional[str] = ...) -> None: ...

class EnrollmentActivated(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ...) -> None: ...

class EnrollmentDeclined(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title", "decline_reason")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    DECLINE_REASON_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    decline_reason: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ..., decline_reason: _Optional[str] = ...) -> None: ...

class EnrollmentCancelled(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ...) -> None: ...

class EnrollmentExpired(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ...) -> None: ...

class LessonCompleted(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "lesson_id", "progress_percent")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    LESSON_ID_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    lesson_id: str
    progress_percent: int
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., lesson_id: _Optional[str] = ..., progress_percent: _Optional[int] = ...) -> None: ...

class CourseCompleted(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ...) -> None: ...

class CertificateIssued(_message.Message):
    __slots__ = ("enrollment_id", "learner_id", "course_id", "course_title", "certificate_code", "issue_time")
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_CODE_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TIME_FIELD_NUMBER: _ClassVar[int]
    enrollment_id: str
    learner_id: str
    course_id: str
    course_title: str
    certificate_code: str
    issue_time: _timestamp_pb2.Timestamp
    def __init__(self, enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., course_id: _Optional[str] = ..., course_title: _Optional[str] = ..., certificate_code: _Optional[str] = ..., issue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
