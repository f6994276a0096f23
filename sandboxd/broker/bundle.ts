/** Makes the broker one file: behind its wall nothing else need be visible. */
import { randomUUID } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const repository = join(here, "../..");

/** Where the bundle lies unless told otherwise. */
export const brokerBundle = join(repository, "dist/broker.cjs");

/** Writes the broker's one file; several may do so at once. */
export async function bundleBroker(outFile = brokerBundle): Promise<void> {
  await mkdir(dirname(outFile), { recursive: true });
  const unfinished = `${outFile}.${randomUUID()}`;
  await build({
    entryPoints: [join(here, "main.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: repository,
    outfile: unfinished,
  });
  await rename(unfinished, outFile);
}

if (import.meta.main) await bundleBroker();
