import { PassThrough, Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { rejected, textOf, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "stream/promises",
  checks: {
    finished: async () => {
      const read = Readable.from(["a"]).resume();
      const cut = new Readable({ read: () => undefined });
      const early = rejected(finished(cut));
      cut.destroy();
      return [await finished(read), await early];
    },
    pipeline: async () => {
      const target = new PassThrough();
      await pipeline(
        Readable.from(["a", "b"]),
        async function* (source: AsyncIterable<string>) {
          for await (const chunk of source) yield chunk.toUpperCase();
        },
        target,
      );
      const signal = AbortSignal.abort();
      return [
        await textOf(target),
        await rejected(
          pipeline(Readable.from(["a"]), new PassThrough(), { signal }),
        ),
      ];
    },
  },
};
