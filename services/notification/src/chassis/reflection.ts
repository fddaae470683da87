/** Server reflection, v1 and v1alpha, so that grpcurl and `buf curl` need no files at hand. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { toBinary, type DescFile, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as health } from "grpc-health-check";

/** Tells of these services, of health and of reflection itself. */
export function reflect(server: Server, services: readonly DescService[]): void {
  const files = new Map<string, DescFile>();
  for (const service of services) collect(service.file, files);
  const fileDescriptorProtos = [...files.values()].map(
    (file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  const ours = { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos };
  new ReflectionService({ ...loadSync([health, ...own()]), ours } as unknown as PackageDefinition).addToServer(server);
}

/** A file with everything it imports, the imported first. */
function collect(file: DescFile, into: Map<string, DescFile>): void {
  for (const imported of file.dependencies) collect(imported, into);
  into.set(file.name, file);
}

function own(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve("@grpc/reflection"));
  return ["v1", "v1alpha"].map((version) => join(folder, `../proto/grpc/reflection/${version}/reflection.proto`));
}
