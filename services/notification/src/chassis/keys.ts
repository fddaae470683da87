/** The public keys that verify access tokens, fetched from the user service and kept. */
import { UserService } from "@coursemesh/contracts/src/coursemesh/user/v1/user_service_pb.ts";
import type { Jwk } from "@coursemesh/contracts/src/coursemesh/user/v1/user_pb.ts";
import { importJWK, type CryptoKey } from "jose";

import { Channel } from "./channels.ts";
import type { Keys } from "./identity.ts";
import { kindOf, log } from "./logs.ts";
import { Unavailable } from "./refusals.ts";

// Unknown key ids are made up by anybody, so they may cause at most one fetch in this many milliseconds. A user service
// that does not answer is asked no more often either; only who has no key at all is in a hurry.
const AT_MOST_EVERY = 2_000;
const HURRIED = 200;
// A key that was withdrawn is forgotten after this many milliseconds.
const REFRESH_AFTER = 300_000;
const TIMEOUT = 2_000;

/** The keys of UserService.GetJwks. Those in hand stay good while the user service is away. */
export class RemoteKeys implements Keys {
  readonly #users: Channel;
  #keys = new Map<string, CryptoKey>();
  #fetched = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;
  #failing = false;
  #fetching: Promise<void> | undefined;

  constructor(address: string, service: string, retries: boolean) {
    this.#users = new Channel(address, UserService, service, retries);
  }

  async publicKey(kid: string): Promise<CryptoKey | undefined> {
    if (!this.#keys.has(kid)) {
      await this.#refresh();
      if (!this.#keys.has(kid) && this.#failing) {
        // It may be a new key: that it is not known here is the peer's fault, not the token's.
        throw new Unavailable("PEER_UNAVAILABLE", "the keys that verify tokens are out of reach; try again");
      }
    } else if (performance.now() - this.#fetched > REFRESH_AFTER && this.#fetching === undefined) {
      await this.#refresh();
    }
    return this.#keys.get(kid);
  }

  close(): void {
    this.#users.close();
  }

  /** All who ask at the same moment wait for one fetch. */
  async #refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      if (performance.now() < this.#notBefore) return;
      this.#fetching = this.#fetch().finally(() => { this.#fetching = undefined; });
    }
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const answer = await this.#users.call(UserService.method.getJwks, {}, TIMEOUT);
      this.#keys = new Map(await Promise.all(answer.keys.map(parsed)));
      this.#failing = false;
      this.#fetched = performance.now();
      this.#notBefore = this.#fetched + AT_MOST_EVERY;
    } catch (error) {
      log.warning("the signing keys could not be fetched", { code: codeOf(error) });
      this.#failing = true;
      this.#notBefore = performance.now() + (this.#keys.size > 0 ? AT_MOST_EVERY : HURRIED);
    }
  }
}

async function parsed(key: Jwk): Promise<[string, CryptoKey]> {
  const found = await importJWK({ kty: key.kty, crv: key.crv, x: key.x, alg: key.alg, use: key.use }, "EdDSA");
  if (found instanceof Uint8Array) throw new TypeError("a public key is not a secret");
  return [key.kid, found];
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : kindOf(error);
}
