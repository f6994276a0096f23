import * as web from "node:stream/web";
import { member, thrown, type Surface } from "../check.ts";
import { streamChecks } from "../web/streams.ts";
import { textChecks } from "../web/text.ts";

/** Each class is the global one, whose behaviour is checked where the globals are. */
const shared = Object.entries({ ...streamChecks(), ...textChecks() }).filter(
  ([name]) => /^(\w+Stream\w*|\w+Strategy)$/.test(name),
);

export const surface: Surface = {
  module: "stream/web",
  checks: {
    ...Object.fromEntries(
      shared.map(([name, check]) => [
        name,
        async (origins) => [
          await check(origins),
          Reflect.get(web, name) === Reflect.get(globalThis, name),
        ],
      ]),
    ),
    ReadableStreamTee: async () => {
      const source = new web.ReadableStream({
        start(controller) {
          controller.enqueue(1);
          controller.close();
        },
      });
      return thrown(() => member(web, "ReadableStreamTee")(source, false));
    },
  },
};
