/** The keys that verify tokens: fetched from a user service, kept, and asked for no more often than they must be. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Tokens } from "../src/chassis/identity.ts";
import { newId } from "../src/chassis/ids.ts";
import { RemoteKeys } from "../src/chassis/keys.ts";
import { Unauthenticated, Unavailable } from "../src/chassis/refusals.ts";
import "./support/quiet.ts";
import { Signer } from "./support/tokens.ts";

suite("keys", () => {
  test("a token is verified with a key of the user service, which is then kept", async () => {
    const signer = await Signer.make();
    const users = await signer.serve();
    const keys = new RemoteKeys(users.address, "notification", true);
    const tokens = new Tokens(keys);
    const id = newId();
    const asked = [1, 2, 3].map(async () => (await tokens.verify(await signer.token(id))).id);
    assert.deepEqual(await Promise.all(asked), [id, id, id]);
    assert.equal(users.asked(), 1);
    await users[Symbol.asyncDispose]();
    // The user service is away now; the key in hand stays good.
    assert.equal((await tokens.verify(await signer.token(newId()))).role, "student");
    keys.close();
  });

  test("key ids that are made up cause one fetch, not one each", async () => {
    const [signer, other] = [await Signer.make(), await Signer.make()];
    await using users = await signer.serve();
    const keys = new RemoteKeys(users.address, "notification", true);
    const tokens = new Tokens(keys);
    for (let count = 0; count < 20; count += 1) {
      await assert.rejects(tokens.verify(await other.token(newId(), {}, newId())), Unauthenticated);
    }
    assert.equal(users.asked(), 1);
    keys.close();
  });

  test("without any answer from the user service a good token is not called bad", async () => {
    const signer = await Signer.make();
    const keys = new RemoteKeys("127.0.0.1:1", "notification", false);
    await assert.rejects(new Tokens(keys).verify(await signer.token(newId())), Unavailable);
    keys.close();
  });

  test("a token that was verified expires all the same", async (context) => {
    const signer = await Signer.make();
    const tokens = new Tokens(signer);
    const token = await signer.token(newId());
    await tokens.verify(token);
    context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 906_000 });
    await assert.rejects(tokens.verify(token), (error) =>
      error instanceof Unauthenticated && error.reason === "TOKEN_EXPIRED");
  });
});
