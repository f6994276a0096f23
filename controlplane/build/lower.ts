/**
 * Asynchronous functions as generators and promises. An isolate tells nobody of a native `await`, nor of the promise that a
 * native asynchronous function returns: what AsyncLocalStorage holds would be lost at each, and listeners to rejections
 * would not hear of all. Of promises' own methods the runtime knows.
 */
import * as esbuild from "esbuild";
import { finishedBeside } from "./finish-thread.ts";
import type { MappedScript } from "./script.ts";

/** Whether a script is one of these: by importing async_hooks, or in words that it hands to `require`, to `on` or its like. */
export function needsLowering({ code }: MappedScript): boolean {
  return /(?<![\w$])(?:async_hooks|unhandledRejection)(?![\w$])/.test(code);
}

/** The script without a native `await`; its map still leads to the author's text. */
export async function lowered(
  { code, map }: MappedScript,
  signal: AbortSignal,
): Promise<MappedScript> {
  const url = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
  const result = await esbuild.transform(
    `${code}\n//# sourceMappingURL=${url}`,
    {
      loader: "js",
      target: "esnext",
      supported: {
        "async-await": false,
        "async-generator": false,
        "for-await": false,
      },
      charset: "utf8",
      keepNames: true,
      sourcemap: "external",
      sourcesContent: false,
      legalComments: "none",
      logLevel: "silent",
    },
  );
  const script = { code: withEmptyOnes(result.code), map: result.map };
  return await finishedBeside(script, "lowered", signal);
}

/**
 * What is written to learn what an asynchronous function is, its constructor or its prototype, stays one: there is nothing in
 * it to wait for. Lines and what follows on them keep their places.
 */
function withEmptyOnes(code: string): string {
  return code
    .replaceAll(
      /\(\(\) => __async\d*\(\w+, null, function\* ?\(\) \{(\s*)\}\)\)/g,
      "((async () => {$1}))",
    )
    .replaceAll(
      /\bfunction( [\w$]+)?\(\) \{(\s*)return __async(Generator)?\d*\(this, null, function\* ?\(\) \{(\s*)\}\);(\s*)\}/g,
      (_, name = "", before, isGenerator, within, after) =>
        `async function${isGenerator ? "*" : ""}${name}() {${before}${within}${after}}`,
    );
}
