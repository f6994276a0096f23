/** What Node's streams over handles share: the words in which a handle says how much it read or wrote. */
import type { Exports, RealmParts } from "../realm.ts";

class Request {
  /** Set where it was completed before anybody could listen. */
  writeStatus: number | null = null;
  oncomplete: ((...news: unknown[]) => void) | undefined;
}

export function createBinding(_parts: RealmParts): Exports {
  return {
    kReadBytesOrError: 0,
    kArrayBufferOffset: 1,
    kBytesWritten: 2,
    kLastWriteWasAsync: 3,
    kLastWriteErr: 4,
    streamBaseState: new Int32Array(5),
    WriteWrap: class WriteWrap extends Request {},
    ShutdownWrap: class ShutdownWrap extends Request {},
    LibuvStreamWrap,
  };
}

// Node makes them with `new` and sets what it needs on them.
function LibuvStreamWrap(): void {}
