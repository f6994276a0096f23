/** What a first bundling tells of a source, so that a second one can do better. */
import path from "node:path";
import type { Metafile } from "esbuild";
import { absentIn } from "./absent.ts";
import { modesOf } from "./modes.ts";
import { importMetaName } from "./prelude.ts";
import { isBuildFailure } from "./refusal.ts";

/** How a source is bundled. */
export interface Plan {
  /** Has a top-level `await`: as an ES module, which becomes an asynchronous function. */
  isAsync: boolean;
  /** What is put behind the text of files. */
  endings: ReadonlyMap<string, string>;
  /** What packages `require` that is not there and need not be. */
  absent: ReadonlySet<string>;
}

/** How to go on after esbuild has refused a plan; undefined where it was right. */
export function planAfter(
  plan: Plan,
  thrown: unknown,
  files: ReadonlyMap<string, string>,
): Plan | undefined {
  if (!isBuildFailure(thrown)) return undefined;
  const { errors } = thrown;
  // esbuild makes no CommonJS of a top-level `await`; an ES module it does.
  const isWaiting = errors.every(({ text }) =>
    text.startsWith("Top-level await is currently not supported"),
  );
  if (isWaiting && !plan.isAsync) return { ...plan, isAsync: true };
  const absent = new Set([...plan.absent, ...absentIn(errors, files)]);
  return absent.size > plan.absent.size ? { ...plan, absent } : undefined;
}

/** The endings of a second bundling; undefined where the first will do. */
export function planOf(
  inputs: Metafile["inputs"],
  files: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> | undefined {
  const { strict, sloppy } = modesOf(inputs);
  const endings = new Map<string, string>();
  for (const name of strict) {
    if (inputs[name]?.format === "esm" && mentionsMeta(files.get(name)))
      endings.set(
        name,
        `\nimport $annexMeta from ${JSON.stringify(importMetaName(name))};`,
      );
  }
  // Neither one nor the other by its words: esbuild would put it into the scope of ES modules, and make it strict.
  for (const name of strict.size === 0 ? [] : sloppy) {
    const isBare = inputs[name]?.format === undefined;
    if (isBare && /^\.[cm]?[jt]sx?$/.test(path.extname(name)))
      endings.set(name, "\n;module;");
  }
  return endings.size === 0 ? undefined : endings;
}

function mentionsMeta(text = ""): boolean {
  return /\bimport\s*\.\s*meta\b/.test(text);
}
