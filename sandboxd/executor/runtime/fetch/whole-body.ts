/** Bodies that are there as a whole, and the streams that all bodies are. */
import type {
  ReadableByteStreamController,
  UnderlyingByteSource,
} from "node:stream/web";
import { withoutPrototype } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import type { InnerBody } from "./classes.ts";

export function wholeBody(realm: Realm, bytes: Uint8Array): InnerBody {
  const source: UnderlyingByteSource = withoutPrototype({
    type: "bytes" as const,
    start: (controller: ReadableByteStreamController) => {
      if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes));
      controller.close();
    },
  });
  const stream = new (streamClass(realm))(source, unbuffered());
  return { stream, source: bytes, length: bytes.length };
}

interface Strategy {
  highWaterMark: number;
}

export function unbuffered(): Strategy {
  return withoutPrototype({ highWaterMark: 0 });
}

type StreamClass = new (
  source: UnderlyingByteSource,
  strategy: Strategy,
) => ReadableStream<Uint8Array>;

export function streamClass(realm: Realm): StreamClass {
  const { ReadableStream } = realm.internal(
    "internal/webstreams/readablestream",
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own class
  return ReadableStream as StreamClass;
}
