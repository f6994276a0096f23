/** A file or folder on this machine → the source that is published. */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { AnnexError } from "../../proto/errors.ts";

/** What is published. */
export interface GatheredSource {
  files: { path: string; content: Buffer }[];
  /** Empty for a folder: its package.json or index decides. */
  entry: string;
}

/** The control plane's limits, told here before anything is read or sent. */
export interface SourceLimits {
  /** Without node_modules. */
  ownBytes: number;
  allBytes: number;
  files: number;
}

const controlPlanesLimits: SourceLimits = {
  ownBytes: 1024 * 1024,
  allBytes: 20 * 1024 * 1024,
  files: 20_000,
};

/** Reads a file, or a folder with its node_modules; whatever has a name that begins with a dot is left out. */
export async function gather(
  target: string,
  limits = controlPlanesLimits,
): Promise<GatheredSource> {
  const { isFile, root } = await look(target);
  const entries = isFile
    ? [await entryOf(root, path.basename(target))]
    : await walk(root, "", root, limits);
  checkSizes(entries, target, limits);
  const files = [];
  for (const { name, file } of entries)
    files.push({ path: name, content: await readFile(file) });
  return { files, entry: isFile ? path.basename(target) : "" };
}

interface Entry {
  /** Its path in the source. */
  name: string;
  /** Where it lies. */
  file: string;
  bytes: number;
}

async function look(
  target: string,
): Promise<{ isFile: boolean; root: string }> {
  try {
    const root = await realpath(target);
    return { isFile: (await stat(root)).isFile(), root };
  } catch (cause) {
    throw new AnnexError(
      "not_found",
      `there is no file or folder '${target}'`,
      { cause },
    );
  }
}

async function entryOf(file: string, name: string): Promise<Entry> {
  return { name, file, bytes: (await stat(file)).size };
}

async function walk(
  folder: string,
  prefix: string,
  root: string,
  limits: SourceLimits,
  above: string[] = [],
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const child of (await readdir(folder)).toSorted()) {
    if (child.startsWith(".")) continue;
    const file = await insideOf(root, path.join(folder, child));
    if (file === undefined) continue;
    const name = prefix + child;
    const found = await stat(file);
    if (found.isFile()) entries.push({ name, file, bytes: found.size });
    const isLoop = file === folder || above.includes(file);
    if (found.isDirectory() && !isLoop) {
      entries.push(
        ...(await walk(file, `${name}/`, root, limits, [...above, folder])),
      );
    }
    if (entries.length > limits.files) throw tooMany(root, limits);
  }
  return entries;
}

/** What a path really is; undefined for links that lead out of the folder, or nowhere. */
async function insideOf(
  root: string,
  file: string,
): Promise<string | undefined> {
  try {
    const real = await realpath(file);
    return real.startsWith(root + path.sep) ? real : undefined;
  } catch {
    return undefined;
  }
}

function checkSizes(
  entries: Entry[],
  target: string,
  limits: SourceLimits,
): void {
  if (entries.length === 0) {
    throw new AnnexError(
      "invalid",
      `'${target}' has no files; put an index.js into it`,
    );
  }
  const own = entries.filter(
    ({ name }) => !name.split("/").includes("node_modules"),
  );
  refuseAbove(limits.ownBytes, own, `'${target}' (node_modules not counted)`);
  refuseAbove(limits.allBytes, entries, `'${target}' with its node_modules`);
}

function refuseAbove(limitBytes: number, entries: Entry[], what: string): void {
  const bytes = sumOf(entries);
  if (bytes <= limitBytes) return;
  const biggest = biggestOf(entries)
    .map(([name, size]) => `${name} (${shownBytes(size)})`)
    .join(", ");
  throw new AnnexError(
    "invalid",
    `${what} has ${shownBytes(bytes)}; the limit is ${shownBytes(limitBytes)}. The biggest are ${biggest}: leave out what is not needed`,
  );
}

/** Files, but packages as one. */
function biggestOf(entries: Entry[]): [string, number][] {
  const sizes = new Map<string, number>();
  for (const { name, bytes } of entries) {
    const [unit = name] = /^node_modules\/(@[^/]+\/)?[^/]+/.exec(name) ?? [];
    sizes.set(unit, (sizes.get(unit) ?? 0) + bytes);
  }
  return [...sizes].toSorted(([, one], [, other]) => other - one).slice(0, 3);
}

function sumOf(entries: Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function shownBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function tooMany(root: string, { files }: SourceLimits): AnnexError {
  return new AnnexError(
    "invalid",
    `'${root}' has more than ${files} files; publish a smaller folder`,
  );
}
