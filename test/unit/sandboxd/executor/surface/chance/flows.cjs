// Streams by chance.
/* oxlint-disable -- written as programs are, odd ones included */
Object.assign(areas, {
  async streams({ pick, many, below }) {
    const log = [];
    let count = 0;
    const isBytes = below(2) === 0;
    const chunk = () =>
      isBytes ? new Uint8Array([count++, 7]) : { n: count++ };
    const source = tried(
      () =>
        new ReadableStream(
          {
            type: isBytes ? "bytes" : undefined,
            autoAllocateChunkSize: isBytes
              ? pick([undefined, 4, 0])
              : undefined,
            start(controller) {
              for (let at = below(3); at > 0; at--) controller.enqueue(chunk());
              log.push(["start", controller.desiredSize]);
            },
            pull(controller) {
              log.push([
                "pull",
                controller.desiredSize,
                controller.byobRequest?.view?.byteLength,
              ]);
              if (count > 5) {
                controller.close();
                controller.byobRequest?.respond(0);
              } else if (below(9) === 0) throw new Error("pulled");
              else controller.enqueue(chunk());
            },
            cancel(reason) {
              log.push(["cancel", told(reason)]);
            },
          },
          pick([undefined, { highWaterMark: below(3) }]),
        ),
    );
    if (source.thrown) return source;
    const sink = (name) =>
      new WritableStream(
        {
          write(item, controller) {
            log.push([name, shown(item, 0), controller.signal.aborted]);
            if (below(9) === 0) throw new Error("full");
          },
          close() {
            log.push([name, "close"]);
          },
          abort(reason) {
            log.push([name, "abort", told(reason)]);
          },
        },
        { highWaterMark: below(3) },
      );
    const controller = new AbortController();
    const work = pick([
      async () =>
        source.pipeTo(sink("to"), {
          preventClose: pick([true, false]),
          preventAbort: pick([true, false]),
          preventCancel: pick([true, false]),
          signal: controller.signal,
        }),
      async () => {
        const [one, two] = source.tee();
        const results = [attempt(() => one.pipeTo(sink("one")))];
        results.push(
          attempt(() =>
            below(2) ? two.cancel("no") : two.pipeTo(sink("two")),
          ),
        );
        return Promise.all(results);
      },
      async () => {
        const seen = [];
        for await (const item of source.values({
          preventCancel: pick([true, false]),
        })) {
          seen.push(item);
          if (below(4) === 0) break;
        }
        return [seen, source.locked];
      },
      async () => {
        const reader = source.getReader({ mode: pick(["byob", undefined]) });
        const seen = [];
        for (let at = 0; at < 4; at++)
          seen.push(
            await attempt(() =>
              reader.read(isBytes || below(2) ? new Uint8Array(3) : undefined, {
                min: 1,
              }),
            ),
          );
        reader.releaseLock();
        return [seen, await attempt(() => reader.closed)];
      },
      async () => {
        const through = new TransformStream({
          transform(item, to) {
            if (below(8) === 0) to.terminate();
            else {
              to.enqueue(item);
              to.enqueue(item);
            }
          },
          flush(to) {
            log.push("flush");
          },
        });
        const seen = [];
        for await (const item of source.pipeThrough(through)) seen.push(item);
        return seen;
      },
      async () => [
        await source.cancel(pick([undefined, new Error("c")])),
        source.locked,
      ],
    ])();
    if (below(3) === 0) controller.abort(pick([undefined, "why"]));
    return [await Promise.race([attempt(() => work), turns()]), log];
  },
});
