/** No workers: this is the one process there is, and it is the primary. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension runs in an isolate without processes";

export function createModule(parts: RealmParts): Exports {
  const EventEmitter = parts.require("events");
  const emitter: object = Reflect.construct(Object(EventEmitter), []);
  const members = unavailableModule(parts, "cluster", reason, {
    isMaster: true,
    isPrimary: true,
    isWorker: false,
    workers: {},
    settings: {},
  });
  return Object.assign(emitter, members, {
    _events: Reflect.get(emitter, "_events"),
    _maxListeners: undefined,
  });
}
