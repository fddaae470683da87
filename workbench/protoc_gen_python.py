"""The buf plugin for Python: hands buf's request to grpc_tools.protoc, the one generator of every Python file.

A plugin's protocol is one CodeGeneratorRequest on stdin and one CodeGeneratorResponse on stdout. The Python generators
of gRPC exist only inside grpc_tools.protoc, so its command line is driven here and the files it wrote are handed back.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def main() -> None:
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory() as folder:
        response = _generate(request, Path(folder))
    sys.stdout.buffer.write(response.SerializeToString())


def _generate(request: CodeGeneratorRequest, folder: Path) -> CodeGeneratorResponse:
    described = folder / "request.binpb"
    described.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = folder / "out"
    out.mkdir()
    every = list(request.file_to_generate)
    # An empty _pb2_grpc.py would be written for each proto without a service.
    services = [file.name for file in request.proto_file if file.service and file.name in every]
    failed = _protoc(described, f"--python_out={out}", f"--pyi_out={out}", *every)
    if not failed and services:
        failed = _protoc(described, f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}", *services)
    if failed:
        return CodeGeneratorResponse(error="grpc_tools.protoc failed; what it said is above")
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL,
        file=[
            CodeGeneratorResponse.File(name=path.relative_to(out).as_posix(), content=path.read_text())
            for path in files
        ],
    )


def _protoc(described: Path, *args: str) -> bool:
    return bool(protoc.main(["protoc", f"--descriptor_set_in={described}", *args]))


if __name__ == "__main__":
    main()
