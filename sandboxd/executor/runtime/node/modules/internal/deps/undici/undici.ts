/** The classes of fetch, whose requests fetch.ts of the runtime sends, and of WebSocket. */
import type { Exports, RealmParts } from "../../../../realm.ts";
import { createHandshake } from "../../../../web-socket.ts";

export function createModule(parts: RealmParts): Exports {
  const { internalBinding, require, loadScript } = parts;
  const mode = Reflect.get(
    Object(internalBinding("util")["privateSymbols"]),
    "transfer_mode_private_symbol",
  );
  const markAsUncloneable = (object: object) =>
    Object.defineProperty(object, mode, {
      value: 0,
      writable: true,
      configurable: true,
    });
  const create = Object(loadScript("package:fetch"));
  return create(require, markAsUncloneable, createHandshake(parts));
}
