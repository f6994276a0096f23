/**
 * Asynchronous functions as generators and promises. An isolate tells nobody of a native `await`, so what AsyncLocalStorage
 * holds would be lost at each; of promises' own methods the runtime knows.
 */
import * as esbuild from "esbuild";
import { finishedBeside } from "./finish-thread.ts";
import type { MappedScript } from "./script.ts";

/** Whether a script comes to ask for async_hooks: by importing it, or in words that it hands to `require` or its like. */
export function wantsAsyncHooks({ code }: MappedScript): boolean {
  return /(?<![\w$])async_hooks(?![\w$])/.test(code);
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
      sourcemap: "external",
      sourcesContent: false,
      legalComments: "none",
      logLevel: "silent",
    },
  );
  return await finishedBeside(result, "lowered", signal);
}
