/** The RPCs of the notification service. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import * as rpc from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";

import { anId } from "./chassis/checks.ts";
import type { Call, Servicer } from "./chassis/guard.ts";
import { asked } from "./chassis/paging.ts";
import { once } from "./chassis/requests.ts";
import type { NotificationStore } from "./store/store.ts";
import * as reading from "./usecases/reading.ts";
import type { Watchers } from "./usecases/watching.ts";
import * as wire from "./wire.ts";

const METHODS = rpc.NotificationService.method;

export class NotificationServicer implements Servicer<typeof rpc.NotificationService> {
  readonly #store: NotificationStore;
  readonly #watchers: Watchers;

  constructor(store: NotificationStore, watchers: Watchers) {
    this.#store = store;
    this.#watchers = watchers;
  }

  async listNotifications(
    request: rpc.ListNotificationsRequest,
    { caller }: Call,
  ): Promise<MessageInitShape<typeof rpc.ListNotificationsResponseSchema>> {
    const wanted = asked(request.pageSize, request.pageToken);
    const { page, unread } = await reading.list(this.#store, caller, wanted, request.unreadOnly);
    return { notifications: page.rows.map(wire.notification), nextPageToken: page.nextToken, unreadCount: unread };
  }

  async markRead(request: rpc.MarkReadRequest, { caller }: Call): Promise<rpc.MarkReadResponse> {
    const id = anId("notification_id", request.notificationId);
    return await once(this.#store, caller, METHODS.markRead, request, async (unit) => (
      { notification: wire.notification(await reading.markRead(unit, caller, id)) }));
  }

  async getPreferences(
    _request: rpc.GetPreferencesRequest,
    { caller }: Call,
  ): Promise<MessageInitShape<typeof rpc.GetPreferencesResponseSchema>> {
    const found = await this.#store.read((view) => view.preferences(caller.id));
    return { preferences: wire.preferences(found) };
  }

  async updatePreferences(
    request: rpc.UpdatePreferencesRequest,
    { caller }: Call,
  ): Promise<rpc.UpdatePreferencesResponse> {
    const given = wire.given(request.preferences);
    return await once(this.#store, caller, METHODS.updatePreferences, request, async (unit) => (
      { preferences: wire.preferences(await reading.updatePreferences(unit, caller, given)) }));
  }

  async *watchNotifications(
    request: rpc.WatchNotificationsRequest,
    { caller, signal, begun }: Call,
  ): AsyncGenerator<MessageInitShape<typeof rpc.WatchNotificationsResponseSchema>> {
    const after = request.afterNotificationId && anId("after_notification_id", request.afterNotificationId);
    for await (const found of this.#watchers.watch(this.#store, caller.id, after, signal, begun)) {
      yield { notification: wire.notification(found) };
    }
  }
}
