/** Access tokens as the user service makes them, good and bad; and the user service that gives out the key. */
import { create, toBinary } from "@bufbuild/protobuf";
import { GetJwksResponseSchema, UserService } from "@coursemesh/contracts/src/coursemesh/user/v1/user_service_pb.ts";
import { Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";

import { newId } from "../../src/chassis/ids.ts";
import type { Keys } from "../../src/chassis/identity.ts";

export interface Users extends AsyncDisposable {
  readonly address: string;
  /** How often it was asked for its keys. */
  asked(): number;
}

/** Signs tokens, and is the source of the keys that verify them. */
export class Signer implements Keys {
  readonly kid = newId();
  readonly #private: CryptoKey;
  readonly #public: CryptoKey;

  private constructor(pair: { privateKey: CryptoKey; publicKey: CryptoKey }) {
    this.#private = pair.privateKey;
    this.#public = pair.publicKey;
  }

  static async make(): Promise<Signer> {
    return new Signer(await generateKeyPair("EdDSA", { extractable: true }));
  }

  publicKey(kid: string): Promise<CryptoKey | undefined> {
    return Promise.resolve(kid === this.kid ? this.#public : undefined);
  }

  /** claims: put in place of the usual ones; undefined leaves one out. */
  async token(userId: string, claims: Readonly<Record<string, unknown>> = {}, kid = this.kid): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: "coursemesh", aud: "coursemesh", sub: userId, role: "student", iat: now, exp: now + 900 };
    return await new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: "EdDSA", kid }).sign(this.#private);
  }

  /** A user service that knows this key, and nothing else. */
  async serve(): Promise<Users> {
    const { x = "" } = await exportJWK(this.#public);
    const key = { kid: this.kid, kty: "OKP", crv: "Ed25519", x, alg: "EdDSA", use: "sig" };
    const bytes = Buffer.from(toBinary(GetJwksResponseSchema, create(GetJwksResponseSchema, { keys: [key] })));
    const server = new Server();
    const same = (given: Buffer): Buffer => given;
    let asked = 0;
    const getJwks: handleUnaryCall<Buffer, Buffer> = (_, answer) => {
      asked += 1;
      answer(null, bytes);
    };
    const codec = {
      requestStream: false, responseStream: false,
      requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
    };
    server.addService({ getJwks: { path: `/${UserService.typeName}/GetJwks`, ...codec } }, { getJwks });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const close = (): Promise<void> => { server.forceShutdown(); return Promise.resolve(); };
    return { address: `127.0.0.1:${port}`, asked: () => asked, [Symbol.asyncDispose]: close };
  }
}
