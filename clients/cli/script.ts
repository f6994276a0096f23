/** A file or folder on this machine → the one script that a request carries as its code. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import * as esbuild from "esbuild";
import { AnnexError } from "../../proto/errors.ts";

/** A CommonJS file as it is; anything of more files, and other languages, bundled. */
export async function scriptOf(target: string): Promise<Uint8Array> {
  const isFile = await isFileAt(target);
  if (isFile && /\.c?js$/.test(target)) return readFile(target);
  try {
    return await bundled(target, isFile);
  } catch (thrown) {
    throw refused(thrown, target);
  }
}

async function isFileAt(target: string): Promise<boolean> {
  try {
    return (await stat(target)).isFile();
  } catch (cause) {
    throw new AnnexError(
      "not_found",
      `there is no file or folder '${target}'`,
      { cause },
    );
  }
}

async function bundled(target: string, isFile: boolean): Promise<Uint8Array> {
  const folder = isFile ? path.dirname(target) : target;
  const { outputFiles } = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: [isFile ? `./${path.basename(target)}` : "./"],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "esnext",
    charset: "utf8",
    logLevel: "silent",
  });
  const [script] = outputFiles;
  if (!script) throw new Error("esbuild gave no script");
  return script.contents;
}

function refused(thrown: unknown, target: string): unknown {
  if (!(thrown instanceof Error) || !("errors" in thrown)) return thrown;
  // esbuild's summary is followed by one line for each error, each with its place.
  const [, ...lines] = thrown.message.split("\n");
  return new AnnexError(
    "invalid",
    `'${target}' does not build:\n${lines.join("\n")}`,
    { cause: thrown },
  );
}
