/** Who calls: the access token of a request, verified. */
import { errors, jwtVerify, decodeProtectedHeader, type CryptoKey, type JWTPayload } from "jose";

import { Unauthenticated } from "./refusals.ts";

const COURSEMESH = "coursemesh";
// Clocks of two machines may differ by this many seconds.
const LEEWAY = 5;
// How many verified tokens are remembered, so that a busy caller's signature is not verified on each call.
const REMEMBERED = 10_000;

/** Who calls. */
export interface Caller {
  readonly id: string;
  readonly role: string;
}

/** Where public keys come from. */
export interface Keys {
  /** The key that verifies tokens signed by `kid`; nothing when there is no such key. */
  publicKey(kid: string): Promise<CryptoKey | undefined>;
}

interface Verified {
  readonly caller: Caller;
  readonly kid: string;
  readonly expires: number;
}

/** Verifies access tokens: EdDSA, our issuer and audience, not expired, signed by a key we know. */
export class Tokens {
  readonly #keys: Keys;
  readonly #verified = new Map<string, Verified>();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** The caller that the value of `authorization` names. */
  async signedIn(authorization: string): Promise<Caller> {
    const [, scheme = "", token = ""] = /^(\S*) (.*)$/s.exec(authorization) ?? [];
    if (scheme.toLowerCase() !== "bearer" || token === "") {
      throw new Unauthenticated("TOKEN_MISSING", "give an access token: authorization: Bearer TOKEN");
    }
    return await this.verify(token);
  }

  async verify(token: string): Promise<Caller> {
    const found = this.#verified.get(token) ?? this.#remember(token, await this.#examine(token));
    if (found.expires + LEEWAY < Date.now() / 1000) {
      this.#verified.delete(token);
      throw expired();
    }
    // A key that was withdrawn takes its tokens with it, remembered or not.
    if ((await this.#keys.publicKey(found.kid)) === undefined) {
      this.#verified.delete(token);
      throw invalid();
    }
    return found.caller;
  }

  #remember(token: string, found: Verified): Verified {
    this.#verified.set(token, found);
    const oldest = this.#verified.size > REMEMBERED ? this.#verified.keys().next().value : undefined;
    if (oldest !== undefined) this.#verified.delete(oldest);
    return found;
  }

  async #examine(token: string): Promise<Verified> {
    const kid = kidOf(token);
    const key = kid === undefined ? undefined : await this.#keys.publicKey(kid);
    if (kid === undefined || key === undefined) throw invalid();
    const { sub, exp, iat, role } = await claims(token, key);
    if (sub === undefined || exp === undefined || iat === undefined || typeof role !== "string") throw invalid();
    if (iat > Date.now() / 1000 + LEEWAY) throw invalid();
    return { caller: { id: sub, role }, kid, expires: exp };
  }
}

function kidOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    throw invalid();
  }
}

async function claims(token: string, key: CryptoKey): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["EdDSA"], // from here, never from the token's own header
      audience: COURSEMESH,
      issuer: COURSEMESH,
      clockTolerance: LEEWAY,
      requiredClaims: ["sub", "role", "exp", "iat", "aud", "iss"],
    });
    return payload;
  } catch (error) {
    throw error instanceof errors.JWTExpired ? expired() : invalid();
  }
}

function expired(): Unauthenticated {
  return new Unauthenticated("TOKEN_EXPIRED", "the access token has expired; refresh it");
}

function invalid(): Unauthenticated {
  return new Unauthenticated("TOKEN_INVALID", "the access token is not valid; log in again");
}
