/** What a server's health service says. */
import { createRequire } from "node:module";

import { Client, credentials } from "@grpc/grpc-js";

interface Health {
  readonly service: {
    readonly Check: {
      readonly path: string;
      readonly requestSerialize: (request: object) => Buffer;
      readonly responseDeserialize: (bytes: Buffer) => { readonly status: string };
    };
  };
}

const { Check } = (createRequire(import.meta.url)("grpc-health-check") as Health).service;

/** SERVING, NOT_SERVING …; the error's text when it does not answer. */
export async function healthOf(address: string, service = ""): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await new Promise<string>((resolve) => {
      client.makeUnaryRequest(
        Check.path, Check.requestSerialize, Check.responseDeserialize, { service },
        { deadline: Date.now() + 2_000 },
        (error, answer) => { resolve(error === null ? (answer?.status ?? "") : error.message); },
      );
    });
  } finally {
    client.close();
  }
}
