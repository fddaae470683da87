import datetime

from coursemesh.payment.v1 import payment_pb2 as _payment_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentCaptured(_message.Message):
    __slots__ = ("payment_id", "enrollment_id", "learner_id", "amount")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    enrollment_id: str
    learner_id: str
    amount: _payment_pb2.Money
    def __init__(self, payment_id: _Optional[str] = ..., enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., amount: _Optional[_Union[_payment_pb2.Money, _Mapping]] = ...) -> None: ...

class PaymentDeclined(_message.Message):
    __slots__ = ("payment_id", "enrollment_id", "learner_id", "amount", "decline_reason")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DECLINE_REASON_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    enrollment_id: str
    learner_id: str
    amount: _payment_pb2.Money
    decline_reason: str
    def __init__(self, payment_id: _Optional[str] = ..., enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., amount: _Optional[_Union[_payment_pb2.Money, _Mapping]] = ..., decline_reason: _Optional[str] = ...) -> None: ...

class PaymentRefunded(_message.Message):
    __slots__ = ("payment_id", "enrollment_id", "learner_id", "amount")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    enrollment_id: str
    learner_id: str
    amount: _payment_pb2.Money
    def __init__(self, payment_id: _Optional[str] = ..., enrollment_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., amount: _Optional[_Union[_payment_pb2.Money, _Mapping]] = ...) -> None: ...

class SubscriptionStarted(_message.Message):
    __slots__ = ("subscription_id", "learner_id", "plan", "period_end_time")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    learner_id: str
    plan: _payment_pb2.Plan
    period_end_time: _timestamp_pb2.Timestamp
    def __init__(self, subscription_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., plan: _Optional[_Union[_payment_pb2.Plan, str]] = ..., period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubscriptionRenewed(_message.Message):
    __slots__ = ("subscription_id", "learner_id", "plan", "period_end_time")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    learner_id: str
    plan: _payment_pb2.Plan
    period_end_time: _timestamp_pb2.Timestamp
    def __init__(self, subscription_id: _Optional[str] = ..., learner_id: _Optional[str] = ..., plan: _Optional[_Union[_payment_pb2.Plan, str]] = ..., period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubscriptionLapsed(_message.Message):
    __slots__ = ("subscription_id", "learner_id")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    LEARNER_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    learner_id: str
    def __init__(self, subscription_id: _Optional[str] = ..., learner_id: _Optional[str] = ...) -> None: ...
