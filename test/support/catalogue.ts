/** The catalogue of attacks in test/hostile/catalogue: one small file each, which says on its first lines what must come of it. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { repositoryRoot } from "./paths.ts";

/** One file of the catalogue. */
export interface Attack {
  /** "A01" … "A40". */
  id: string;
  /** The file's name. */
  name: string;
  /** What it tries. */
  title: string;
  source: string;
  /** Failure reasons, `answered`, or the exact JSON answer. */
  answer: string;
  withinMs: number;
  supervisorGrowsMb: number;
  /** Of the attacker's container, over the stage's own. */
  limits: Record<string, number>;
  /** It is invoked so often, with `variant` counting from 0. */
  variants: number;
  /** The file's other lines of the form `// name: value`. */
  notes: Record<string, string>;
}

/** Every file of the catalogue, by name. */
export function readCatalogue(): Attack[] {
  const files = globSync("test/hostile/catalogue/*", { cwd: repositoryRoot });
  return files.toSorted().map(readAttack);
}

function readAttack(file: string): Attack {
  const source = readFileSync(join(repositoryRoot, file), "utf8");
  const name = basename(file);
  const [, id = "", title = ""] = /^\/\/ (A\d\d) (.+)\n/.exec(source) ?? [];
  if (!id || !name.startsWith(`${id.toLowerCase()}-`))
    throw new Error(
      `${file}: the first line must be its number and what it tries`,
    );
  const notes = Object.fromEntries(
    [...source.matchAll(/^\/\/ ([a-z-]+): (.+)$/gm)].map(([, key, value]) => [
      key,
      value,
    ]),
  );
  return {
    id,
    name,
    title,
    source,
    answer: notes["answer"] ?? "",
    withinMs: Number(notes["within-ms"] ?? 0),
    supervisorGrowsMb: Number(notes["supervisor-grows-mb"] ?? 0),
    limits: limitsOf(notes["limits"] ?? ""),
    variants: Number(notes["variants"] ?? 1),
    notes,
  };
}

function limitsOf(text: string): Record<string, number> {
  return Object.fromEntries(
    text
      .split(" ")
      .filter(Boolean)
      .map((limit) => {
        const [name = "", value] = limit.split("=");
        const camel = name.replaceAll(/-(.)/g, (_, letter: string) =>
          letter.toUpperCase(),
        );
        return [camel, Number(value)];
      }),
  );
}
