// Requests, responses, forms, blobs and compression, by chance.
/* oxlint-disable -- written as programs are, odd ones included */
Object.assign(areas, {
  async bodies({ pick, many, below }) {
    const form = new FormData();
    for (let at = below(4); at > 0; at--)
      tried(() =>
        pick([
          () => form.append(pick(texts), pick(texts)),
          () =>
            form.append(
              pick(texts),
              new Blob([pick(texts)], { type: pick(kinds) }),
              pick(texts),
            ),
        ])(),
      );
    const body = pick([
      () => pick(texts),
      () =>
        new Blob(
          many(3, () => pick(texts)),
          { type: pick(kinds) },
        ),
      () => form,
      () => new URLSearchParams([[pick(texts), pick(texts)]]),
      () => Buffer.from(many(3, () => pick(texts)).join("")),
      () => null,
      () => undefined,
      () => 5,
      () => ({}),
      () =>
        new ReadableStream({
          start: (c) => {
            for (const text of many(3, () => pick(texts)))
              c.enqueue(
                pick([() => new TextEncoder().encode(text), () => text])(),
              );
            c.close();
          },
        }),
    ])();
    const init = {
      method: pick(["POST", "put", "GET", "pAtch", "TRACE", "a b"]),
      body,
      duplex: pick(["half", undefined]),
      headers: pick([{}, { "content-type": pick(kinds) }]),
      cache: pick(["default", "no-store", "x"]),
      redirect: pick(["follow", "manual", "error"]),
      mode: pick(["cors", "no-cors", "same-origin", "navigate"]),
      credentials: pick(["omit", "include"]),
      keepalive: pick([true, false]),
      referrerPolicy: pick(["", "origin"]),
      integrity: pick(["", "sha256-x"]),
      status: pick([200, 204, 404, 99, 600, 304]),
      statusText: pick(["", "OK", "ä", "\n"]),
    };
    const made = tried(() =>
      pick([
        () =>
          new Request(
            pick(["http://a/b#c", "/x", "http://u:p@a/", "data:,x"]),
            init,
          ),
        () => new Response(body, init),
      ])(),
    );
    if (made.thrown) return made;
    const seen = [
      made.method,
      made.url,
      made.status,
      made.statusText,
      made.ok,
      made.type,
      made.redirect,
      made.mode,
      made.credentials,
      made.cache,
      made.integrity,
      made.keepalive,
      made.referrer,
      made.duplex,
      made.redirected,
      made.bodyUsed,
      made.body === null,
      (made.headers.get("content-type") ?? "none").replace(
        /boundary=.*/,
        "boundary",
      ),
    ];
    const copy = tried(() => made.clone());
    const read = async (from) => {
      const method = pick([
        "text",
        "json",
        "arrayBuffer",
        "blob",
        "formData",
        "bytes",
      ]);
      const result = await attempt(() => from[method]());
      if (result instanceof FormData)
        return [
          method,
          await Promise.all(
            [...result].map(async ([name, item]) => [
              name,
              item instanceof Blob
                ? [item.name, item.type, await item.text()]
                : item,
            ]),
          ),
        ];
      if (result instanceof Blob)
        return [
          method,
          result.type.replace(/boundary=.*/, ""),
          result.size > 200,
          result.size < 200 && (await result.text()),
        ];
      return form === body && !result.thrown ? method : [method, result];
    };
    return [
      seen,
      await read(made),
      made.bodyUsed,
      copy.thrown ? copy : await read(copy),
      await read(made),
    ];
  },
  async blobs({ pick, many, below }) {
    const blob = tried(
      () =>
        new (pick([
          Blob,
          class extends File {
            constructor(parts, options) {
              super(parts, "ä/b", options);
            }
          },
        ]))(
          pick([
            () =>
              many(4, () =>
                pick([
                  pick(texts),
                  Buffer.from("ab"),
                  new Uint16Array([1, 2]),
                  new Blob(["in"]),
                  5,
                  null,
                ]),
              ),
            () => "text",
            () => undefined,
            () => new Set(["a", "b"]),
          ])(),
          pick([
            undefined,
            { type: pick(kinds) },
            { endings: pick(["native", "transparent", "x"]) },
            { lastModified: 5 },
          ]),
        ),
    );
    if (blob.thrown) return blob;
    const at = () => pick([undefined, 0, 1, -1, 5, 1e9, NaN, "2", -1e9]);
    const slice = tried(() => blob.slice(at(), at(), pick(kinds)));
    const reader = blob.stream().getReader({ mode: "byob" });
    const first = await attempt(() => reader.read(new Uint8Array(below(5))));
    return [
      blob.size,
      blob.type,
      blob.name,
      await blob.text(),
      slice.size,
      slice.type,
      await slice.bytes?.(),
      first,
      String(blob),
    ];
  },
  async codecs({ pick, many }) {
    const format = pick(["gzip", "deflate", "deflate-raw", "brotli", "x"]);
    const pack = tried(() => new CompressionStream(format));
    if (pack.thrown) return pack;
    const text = many(9, () => pick(texts))
      .join("")
      .repeat(9);
    const packed = await attempt(() =>
      new Response(new Blob([text]).stream().pipeThrough(pack)).bytes(),
    );
    const broken = pick([
      packed,
      packed.slice?.(0, 5),
      Uint8Array.from([...packed, 1]),
      "text",
    ]);
    const opened = await attempt(() =>
      new Response(
        new Response(broken).body.pipeThrough(new DecompressionStream(format)),
      ).text(),
    );
    const lines = new Response(
      new Blob([text])
        .stream()
        .pipeThrough(
          new TextDecoderStream(pick(["utf-8", "utf-16le"]), {
            fatal: pick([true, false]),
          }),
        )
        .pipeThrough(new TextEncoderStream()),
    );
    return [
      packed.length > 0,
      opened.thrown ? opened.thrown.slice(0, 2) : opened,
      await attempt(() => lines.text()),
    ];
  },
});
