// Clones, signals and events, by chance.
/* oxlint-disable -- written as programs are, odd ones included */
Object.assign(areas, {
  clones({ pick, many, below }) {
    const grow = (depth) =>
      pick([
        () => below(9),
        () => pick(texts),
        () => -0,
        () => 10n ** 20n,
        () => null,
        () => undefined,
        () => new Date(below(1e6)),
        () => /a/gi,
        () => new Error("e", { cause: depth > 3 ? 1 : grow(depth + 1) }),
        () => new DOMException("m", pick(["AbortError", "x"])),
        () => Object(pick([1, "s", true, 5n])),
        () =>
          new (pick([Uint8Array, Float64Array, DataView, BigInt64Array]))(
            new ArrayBuffer(16),
            pick([0, 8]),
          ),
        () => Buffer.alloc(2, "ab"),
        () => new Map(depth > 3 ? [] : [[grow(depth + 1), grow(depth + 1)]]),
        () => new Set(depth > 3 ? [] : [grow(depth + 1)]),
        () => (depth > 3 ? [] : [grow(depth + 1), , grow(depth + 1)]),
        () =>
          depth > 3
            ? {}
            : { a: grow(depth + 1), [pick(texts)]: grow(depth + 1) },
        () => {
          const self = { deep: 1 };
          self.self = [self];
          return self.self.length;
        },
        () =>
          pick([
            () => 1,
            Symbol("s"),
            new WeakMap(),
            Promise.resolve(),
            new Proxy(pick([{}, [], () => 1, new Map(), /a/, new Date(0)]), {
              get() {
                throw new Error("asked");
              },
            }),
            new Headers(),
            new Blob(["x"]),
            globalThis,
            new (class K {
              x = 1;
              get y() {
                return 2;
              }
            })(),
          ]),
      ])();
    const buffer = new ArrayBuffer(8);
    const value = grow(0);
    return [
      tried(() => structuredClone(value)),
      tried(() =>
        structuredClone(
          { value: 1, view: new Uint8Array(buffer, 2) },
          pick([
            undefined,
            { transfer: [buffer] },
            { transfer: [buffer, buffer] },
            { transfer: [{}] },
            { transfer: 5 },
          ]),
        ),
      ),
      buffer.byteLength,
      tried(() => structuredClone()),
    ];
  },
  async aborts({ pick, many, below }) {
    const log = [];
    const controllers = [0, 1, 2].map(() => new AbortController());
    const signals = controllers.map(({ signal }) => signal);
    const any = AbortSignal.any(
      many(3, () =>
        pick(
          [...signals, AbortSignal.abort(pick([undefined, "r", null]))].slice(
            0,
            3 + below(2),
          ),
        ),
      ),
    );
    const both = AbortSignal.any([any, pick(signals)]);
    [...signals, any, both].forEach((signal, at) => {
      signal.onabort = () => log.push([at, told(signal.reason)]);
      signal.addEventListener(
        "abort",
        (event) =>
          log.push([at, event.type, event.isTrusted, event.target === signal]),
        { once: true },
      );
    });
    for (let times = below(4); times > 0; times--)
      pick(controllers).abort(pick([undefined, new Error("why"), 5]));
    const timed = AbortSignal.timeout(1);
    await new Promise((done) => timed.addEventListener("abort", done));
    return [
      log,
      [...signals, any, both].map((signal) => signal.aborted),
      told(timed.reason),
      tried(() => any.throwIfAborted()),
      tried(() => AbortSignal.any(5)),
      tried(() => AbortSignal.timeout(-1)),
      tried(() => new AbortSignal()),
    ];
  },
  events({ pick, many, below }) {
    const log = [];
    const target = new EventTarget();
    const listeners = [
      (event) =>
        log.push(["a", event.type, event.eventPhase, event.defaultPrevented]),
      (event) => {
        log.push("b");
        if (below(3) === 0) event.stopImmediatePropagation();
        event.preventDefault();
      },
      {
        handleEvent(event) {
          log.push([
            "c",
            this === listeners[2],
            event.currentTarget === target,
          ]);
        },
      },
      (event) => {
        log.push("d");
        target.removeEventListener(event.type, listeners[0]);
      },
      null,
    ];
    const controller = new AbortController();
    return [
      many(10, () =>
        tried(() => {
          const type = pick(["x", "y", ""]);
          const options = pick([
            undefined,
            true,
            { once: true },
            { passive: true },
            { signal: controller.signal },
            { capture: true, once: true },
          ]);
          return pick([
            () => target.addEventListener(type, pick(listeners), options),
            () => target.removeEventListener(type, pick(listeners), options),
            () => controller.abort(),
            () => {
              const event = new (pick([Event, CustomEvent]))(type, {
                cancelable: pick([true, false]),
                bubbles: true,
                detail: 5,
              });
              return [
                target.dispatchEvent(event),
                event.defaultPrevented,
                event.returnValue,
                event.cancelBubble,
                event.composed,
                event.bubbles,
                event.detail,
                event.composedPath().length,
                event.srcElement === target,
              ];
            },
            () => target.dispatchEvent({}),
            () => new Event(),
            () => target.addEventListener(type, 5),
          ])();
        }),
      ),
      log,
    ];
  },
});
