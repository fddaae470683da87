from coursemesh.notification.v1 import notification_pb2 as _notification_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationSent(_message.Message):
    __slots__ = ("notification_id", "recipient_id", "kind", "channel")
    NOTIFICATION_ID_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    notification_id: str
    recipient_id: str
    kind: _notification_pb2.Kind
    channel: _notification_pb2.Channel
    def __init__(self, notification_id: _Optional[str] = ..., recipient_id: _Optional[str] = ..., kind: _Optional[_Union[_notification_pb2.Kind, str]] = ..., channel: _Optional[_Union[_notification_pb2.Channel, str]] = ...) -> None: ...
