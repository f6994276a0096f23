/** Pipes and unix sockets: there is nothing in an isolate that one could lead to. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusedClass } from "../unavailable.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    Pipe: refusedClass("a pipe", "an extension reaches hosts by TCP alone"),
    PipeConnectWrap,
    constants: { SOCKET: 0, SERVER: 1, IPC: 2, UV_READABLE: 1, UV_WRITABLE: 2 },
  };
}

// Node makes them with `new` and sets what it needs on them.
function PipeConnectWrap(): void {}
