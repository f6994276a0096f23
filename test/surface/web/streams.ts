/** Checks of web streams. */
import { instance, member, rejected, thrown, type Check } from "../check.ts";
import { through } from "./text.ts";

function numbers(): ReadableStream<number> {
  return new ReadableStream({
    start(controller) {
      for (const each of [1, 2, 3]) controller.enqueue(each);
      controller.close();
    },
  });
}

function bytes(): ReadableStream {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.enqueue(new Uint8Array([1, 2, 3, 4]));
      controller.close();
    },
  });
}

async function all(stream: ReadableStream): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const chunk of stream) seen.push(chunk);
  return seen;
}

export function streamChecks(): Record<string, Check> {
  return {
    ...readables(),
    ...readers(),
    ...readableControllers(),
    ...writables(),
    ...transforms(),
    ...strategies(),
  };
}

function readables(): Record<string, Check> {
  return {
    ReadableStream: async () => {
      let asked = 0;
      const made = new ReadableStream(
        {
          pull(controller) {
            asked += 1;
            if (asked > 3) controller.close();
            else controller.enqueue(asked);
          },
        },
        { highWaterMark: 0 },
      );
      return [
        await all(made),
        asked,
        await rejected(
          all(new ReadableStream({ start: (each) => each.error("why") })),
        ),
        thrown(() => instance(globalThis, "ReadableStream", { type: "none" })),
      ];
    },
    "ReadableStream#locked": () => {
      const made = numbers();
      const before = made.locked;
      made.getReader();
      return [before, made.locked, thrown(() => made.getReader())];
    },
    "ReadableStream#cancel": async () => {
      let seen: unknown;
      const made = new ReadableStream({ cancel: (why) => void (seen = why) });
      await made.cancel("enough");
      return [seen, await all(made)];
    },
    "ReadableStream#getReader": async () => [
      (await numbers().getReader().read()).value,
      thrown(() => member(numbers(), "getReader")({ mode: "byob" })),
    ],
    "ReadableStream#pipeThrough": () =>
      all(
        numbers().pipeThrough(
          new TransformStream({
            transform: (chunk, controller) => controller.enqueue(chunk * 2),
          }),
        ),
      ),
    "ReadableStream#pipeTo": async () => {
      const seen: unknown[] = [];
      const target = new WritableStream({
        write: (each) => void seen.push(each),
      });
      await numbers().pipeTo(target);
      return [
        seen,
        await rejected(
          numbers().pipeTo(new WritableStream(), {
            signal: AbortSignal.abort("why"),
          }),
        ),
      ];
    },
    "ReadableStream#tee": async () => {
      const [a, b] = numbers().tee();
      return [await all(a), await all(b)];
    },
    "ReadableStream#values": async () => {
      const made = numbers();
      for await (const chunk of made.values({ preventCancel: true }))
        if (chunk === 1) break;
      return all(made);
    },
    "ReadableStream.from": async () => [
      await all(member(ReadableStream, "from")(["a", "b"])),
      await all(
        member(
          ReadableStream,
          "from",
        )(
          (async function* () {
            yield 1;
          })(),
        ),
      ),
    ],
  };
}

function readers(): Record<string, Check> {
  return {
    ReadableStreamDefaultReader: async () => {
      const reader = new ReadableStreamDefaultReader(numbers());
      return [
        await reader.read(),
        thrown(() => instance(globalThis, "ReadableStreamDefaultReader", {})),
      ];
    },
    "ReadableStreamDefaultReader#read": async () => {
      const reader = numbers().getReader();
      const seen = [];
      for (let turn = 0; turn < 4; turn += 1) seen.push(await reader.read());
      return seen;
    },
    "ReadableStreamDefaultReader#releaseLock": async () => {
      const made = numbers();
      const reader = made.getReader();
      reader.releaseLock();
      return [made.locked, await rejected(reader.read())];
    },
    "ReadableStreamDefaultReader#cancel": async () => {
      const reader = numbers().getReader();
      await reader.cancel();
      return reader.read();
    },
    "ReadableStreamDefaultReader#closed": async () => {
      const reader = numbers().getReader();
      await reader.cancel();
      return reader.closed.then(() => "closed");
    },
    ReadableStreamBYOBReader: async () => {
      const reader = new ReadableStreamBYOBReader(bytes());
      return reader.read(new Uint8Array(2));
    },
    "ReadableStreamBYOBReader#read": async () => {
      const reader = bytes().getReader({ mode: "byob" });
      return [
        await reader.read(new Uint8Array(3)),
        await reader.read(new Uint8Array(3)),
        await reader.read(new Uint8Array(3)),
        await rejected(reader.read(new Uint8Array(0))),
      ];
    },
    "ReadableStreamBYOBReader#releaseLock": () => {
      const made = bytes();
      made.getReader({ mode: "byob" }).releaseLock();
      return made.locked;
    },
    "ReadableStreamBYOBReader#cancel": async () => {
      const reader = bytes().getReader({ mode: "byob" });
      await reader.cancel();
      return (await reader.read(new Uint8Array(1))).done;
    },
    "ReadableStreamBYOBReader#closed": async () => {
      const reader = bytes().getReader({ mode: "byob" });
      await reader.cancel();
      return reader.closed.then(() => "closed");
    },
  };
}

function readableControllers(): Record<string, Check> {
  /** What a source sees of its controller. */
  const seen = (
    look: (controller: ReadableStreamDefaultController) => unknown,
  ) => {
    let value: unknown;
    const made = new ReadableStream(
      { start: (controller) => void (value = look(controller)) },
      { highWaterMark: 3 },
    );
    return [value, made];
  };
  const ofBytes = async (use: (controller: object) => unknown) => {
    let value: unknown;
    const made = new ReadableStream({
      type: "bytes",
      pull(controller) {
        value = use(controller);
      },
    });
    const reader = made.getReader({ mode: "byob" });
    const read = await rejected(reader.read(new Uint8Array(4)));
    return [value, read];
  };
  const answering = (use: (request: object) => unknown) =>
    ofBytes((controller) => use(Reflect.get(controller, "byobRequest")));
  return {
    ReadableStreamDefaultController: () => [
      seen((each) => each instanceof ReadableStreamDefaultController)[0],
      thrown(() => instance(globalThis, "ReadableStreamDefaultController")),
    ],
    "ReadableStreamDefaultController#desiredSize": () =>
      seen((each) => [each.desiredSize, each.enqueue(1), each.desiredSize])[0],
    "ReadableStreamDefaultController#enqueue": async () => {
      const [, made] = seen((each) => {
        each.enqueue("a");
        each.close();
        return undefined;
      });
      return made instanceof ReadableStream && all(made);
    },
    "ReadableStreamDefaultController#close": () =>
      seen((each) => [each.close(), thrown(() => each.enqueue(1))])[0],
    "ReadableStreamDefaultController#error": async () => {
      const [, made] = seen((each) => each.error("why"));
      return made instanceof ReadableStream && rejected(all(made));
    },
    ReadableByteStreamController: async () => [
      thrown(() => instance(globalThis, "ReadableByteStreamController")),
      await ofBytes((each) => {
        member(each, "enqueue")(new Uint8Array([7]));
        return each instanceof ReadableByteStreamController;
      }),
    ],
    "ReadableByteStreamController#byobRequest": () =>
      answering((request) => {
        const view = Reflect.get(request, "view");
        member(request, "respond")(1);
        return view.byteLength;
      }),
    "ReadableByteStreamController#desiredSize": () =>
      ofBytes((each) => {
        const size: unknown = Reflect.get(each, "desiredSize");
        member(each, "enqueue")(new Uint8Array([1]));
        return size;
      }),
    "ReadableByteStreamController#enqueue": () =>
      ofBytes((each) => member(each, "enqueue")(new Uint8Array([1, 2]))),
    "ReadableByteStreamController#close": () =>
      ofBytes((each) => {
        member(each, "close")();
        member(Reflect.get(each, "byobRequest"), "respond")(0);
      }),
    "ReadableByteStreamController#error": () =>
      ofBytes((each) => member(each, "error")(new Error("why"))),
    ReadableStreamBYOBRequest: () =>
      answering((request) => {
        member(request, "respond")(1);
        return request instanceof ReadableStreamBYOBRequest;
      }),
    "ReadableStreamBYOBRequest#view": () =>
      answering((request) => {
        Reflect.get(request, "view")[0] = 9;
        member(request, "respond")(1);
        return Reflect.get(request, "view");
      }),
    "ReadableStreamBYOBRequest#respond": () =>
      answering((request) => [
        thrown(() => member(request, "respond")(99)),
        member(request, "respond")(2),
      ]),
    "ReadableStreamBYOBRequest#respondWithNewView": () =>
      answering((request) => {
        const { buffer } = Reflect.get(request, "view");
        member(request, "respondWithNewView")(new Uint8Array(buffer, 0, 3));
      }),
  };
}

function writables(): Record<string, Check> {
  const kept = () => {
    const seen: unknown[] = [];
    const made = new WritableStream(
      {
        write: (each) => void seen.push(each),
        close: () => void seen.push("closed"),
        abort: (why) => void seen.push(["aborted", why]),
      },
      { highWaterMark: 2 },
    );
    return { made, seen };
  };
  const seenBy = (
    look: (controller: WritableStreamDefaultController) => unknown,
  ) => {
    let value: unknown;
    const made = new WritableStream({
      start: (controller) => void (value = look(controller)),
    });
    return { value, made };
  };
  return {
    WritableStream: async () => {
      const { made, seen } = kept();
      const writer = made.getWriter();
      await writer.write(1);
      await writer.close();
      return [
        seen,
        thrown(() => new WritableStream({ type: "bytes" } as never)),
      ];
    },
    "WritableStream#locked": () => {
      const { made } = kept();
      const before = made.locked;
      made.getWriter();
      return [before, made.locked];
    },
    "WritableStream#abort": async () => {
      const { made, seen } = kept();
      await made.abort("why");
      return [seen, await rejected(made.getWriter().closed)];
    },
    "WritableStream#close": async () => {
      const { made, seen } = kept();
      await made.close();
      return seen;
    },
    "WritableStream#getWriter": () => {
      const { made } = kept();
      made.getWriter();
      return thrown(() => made.getWriter());
    },
    WritableStreamDefaultWriter: () =>
      new WritableStreamDefaultWriter(kept().made).desiredSize,
    "WritableStreamDefaultWriter#write": async () => {
      const { made, seen } = kept();
      const writer = made.getWriter();
      await writer.write("a");
      return seen;
    },
    "WritableStreamDefaultWriter#close": async () => {
      const { made, seen } = kept();
      const writer = made.getWriter();
      await writer.close();
      return [seen, await rejected(writer.write("late"))];
    },
    "WritableStreamDefaultWriter#abort": async () => {
      const { made, seen } = kept();
      await made.getWriter().abort("why");
      return seen;
    },
    "WritableStreamDefaultWriter#releaseLock": async () => {
      const { made } = kept();
      const writer = made.getWriter();
      writer.releaseLock();
      return [made.locked, await rejected(writer.closed)];
    },
    "WritableStreamDefaultWriter#closed": async () => {
      const writer = kept().made.getWriter();
      await writer.close();
      return writer.closed.then(() => "closed");
    },
    "WritableStreamDefaultWriter#ready": () =>
      kept()
        .made.getWriter()
        .ready.then(() => "ready"),
    "WritableStreamDefaultWriter#desiredSize": async () => {
      const writer = kept().made.getWriter();
      const before = writer.desiredSize;
      const written = writer.write("a");
      const within = writer.desiredSize;
      await written;
      return [before, within, writer.desiredSize];
    },
    WritableStreamDefaultController: () => [
      seenBy((each) => each instanceof WritableStreamDefaultController).value,
      thrown(() => instance(globalThis, "WritableStreamDefaultController")),
    ],
    "WritableStreamDefaultController#signal": async () => {
      let signal: AbortSignal | undefined;
      const { made } = seenBy((each) => (signal = each.signal));
      await made.abort("why");
      return [signal?.aborted, signal?.reason];
    },
    "WritableStreamDefaultController#error": async () => {
      const { made } = seenBy((each) => each.error("why"));
      return rejected(made.getWriter().closed);
    },
  };
}

function transforms(): Record<string, Check> {
  type Use = (
    controller: TransformStreamDefaultController,
    chunk: number,
  ) => void;
  const with2 = (use: Use) => {
    const pair = new TransformStream<number, unknown>({
      transform: (chunk, controller) => use(controller, chunk),
    });
    return rejected(through(pair, 1, 2));
  };
  return {
    TransformStream: () =>
      through(
        new TransformStream({
          start: (controller) => controller.enqueue("start"),
          transform: (chunk, controller) => controller.enqueue(chunk * 2),
          flush: (controller) => controller.enqueue("flush"),
        }),
        1,
        2,
      ),
    "TransformStream#readable": () =>
      new TransformStream().readable instanceof ReadableStream,
    "TransformStream#writable": () =>
      new TransformStream().writable instanceof WritableStream,
    TransformStreamDefaultController: () => [
      thrown(() => instance(globalThis, "TransformStreamDefaultController")),
    ],
    "TransformStreamDefaultController#desiredSize": () =>
      with2((controller) => controller.enqueue(controller.desiredSize)),
    "TransformStreamDefaultController#enqueue": () =>
      with2((controller, chunk) => {
        controller.enqueue(chunk);
        controller.enqueue(-chunk);
      }),
    "TransformStreamDefaultController#error": () =>
      with2((controller) => controller.error("why")),
    "TransformStreamDefaultController#terminate": async () => {
      let count = 0;
      const pair = new TransformStream({
        transform(_chunk, controller) {
          count += 1;
          controller.terminate();
        },
      });
      const writer = pair.writable.getWriter();
      const written = rejected(
        (async () => {
          await writer.write(1);
          await writer.write(2);
        })(),
      );
      return [await all(pair.readable), count, (await written) !== undefined];
    },
  };
}

function strategies(): Record<string, Check> {
  const byCount = () => new CountQueuingStrategy({ highWaterMark: 3 });
  const byLength = () => new ByteLengthQueuingStrategy({ highWaterMark: 5 });
  const wanted = (strategy: QueuingStrategy) => {
    let size: unknown;
    const made = new ReadableStream(
      {
        start(controller) {
          controller.enqueue(new Uint8Array(2));
          size = controller.desiredSize;
        },
      },
      strategy,
    );
    return [size, made.locked];
  };
  return {
    CountQueuingStrategy: () => wanted(byCount()),
    "CountQueuingStrategy#highWaterMark": () => byCount().highWaterMark,
    "CountQueuingStrategy#size": () => byCount().size(new Uint8Array(9)),
    ByteLengthQueuingStrategy: () => wanted(byLength()),
    "ByteLengthQueuingStrategy#highWaterMark": () => byLength().highWaterMark,
    "ByteLengthQueuingStrategy#size": () => byLength().size(new Uint8Array(9)),
  };
}
