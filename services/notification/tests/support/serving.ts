/** The servicer on a real server at a free port, guarded as in production. */
import { NotificationService } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";

import { Server } from "../../src/chassis/server.ts";
import { Tokens, type Keys } from "../../src/chassis/identity.ts";
import { NotificationServicer } from "../../src/servicer.ts";
import type { NotificationStore } from "../../src/store/store.ts";
import { Watchers } from "../../src/usecases/watching.ts";
import { newId } from "../../src/chassis/ids.ts";
import { welcome } from "../../src/domain/words.ts";
import { tell } from "../../src/usecases/telling.ts";

export interface Served extends AsyncDisposable {
  readonly address: string;
  readonly server: Server;
  readonly watchers: Watchers;
}

export async function serve(store: NotificationStore, keys: Keys, watchers = new Watchers()): Promise<Served> {
  const server = new Server("127.0.0.1:0", new Tokens(keys));
  server.add(NotificationService, new NotificationServicer(store, watchers));
  await server.start();
  return { address: `127.0.0.1:${server.port}`, server, watchers, [Symbol.asyncDispose]: () => server.stop(0) };
}

/** Tells somebody something; the notification's id. */
export async function told(store: NotificationStore, recipientId: string): Promise<string> {
  return await store.begin(async (unit) => {
    await tell(unit, { factId: newId(), recipientId, kind: "WELCOME", subjectId: recipientId, words: welcome() });
    return await unit.last(recipientId);
  });
}
