/**
 * Asynchronous functions as generators and promises. An isolate tells nobody of a native `await`, so what AsyncLocalStorage
 * holds would be lost at each; of promises' own methods the runtime knows.
 */
import * as esbuild from "esbuild";
import type { MappedScript } from "./script.ts";

/** Whether any bundled file asks for async_hooks. */
export function wantsAsyncHooks(inputs: esbuild.Metafile["inputs"]): boolean {
  return Object.values(inputs).some(({ imports }) =>
    imports.some(({ original, path }) =>
      /^(node:|annex:)?async_hooks$/.test(original ?? path),
    ),
  );
}

/** The script without a native `await`; its map still leads to the author's text. */
export async function lowered({
  code,
  map,
}: MappedScript): Promise<MappedScript> {
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
  return { code: result.code, map: result.map };
}
