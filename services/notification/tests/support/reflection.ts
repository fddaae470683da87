/** What a server at an address tells of itself: a Python program, as an example of a client in another language. */
export const REFLECTION = `
import sys, grpc
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2 as r, reflection_pb2_grpc as g
stub = g.ServerReflectionStub(grpc.insecure_channel(sys.argv[1]))
ask = lambda **request: next(stub.ServerReflectionInfo(iter([r.ServerReflectionRequest(**request)])))
print(*sorted(s.name for s in ask(list_services="").list_services_response.service))
found = ask(file_containing_symbol="coursemesh.notification.v1.NotificationService").file_descriptor_response
for each in found.file_descriptor_proto:
    file = descriptor_pb2.FileDescriptorProto.FromString(each)
    for service in file.service:
        print(*(f"{m.name}:{m.options.idempotency_level}" for m in service.method))
`;
