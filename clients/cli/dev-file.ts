/** dev.json: where the all-in-one of `annex dev` is, and tokens for it, for commands in its folder. */
import type { Stats } from "node:fs";
import { chmod, open, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AnnexError } from "../../proto/errors.ts";
import { CommandFailed } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** What dev.json holds. */
export interface DevFile {
  http: string;
  grpc: string;
  run: string;
  socket: string;
  admin_token: string;
  container: string;
  token: string;
}

const keys = [
  "http",
  "grpc",
  "run",
  "socket",
  "admin_token",
  "container",
  "token",
] as const;

/** Where the all-in-one keeps its state. */
export function homeOf(terminal: Terminal, home: string | undefined): string {
  return path.resolve(
    terminal.cwd,
    home ?? terminal.env["ANNEX_HOME"] ?? ".annex",
  );
}

/** The dev.json in ANNEX_HOME, or in the .annex of this folder or of the nearest one above. */
export async function findDevFile(
  terminal: Terminal,
): Promise<DevFile | undefined> {
  for (const home of homesFrom(terminal)) {
    const found = await readDevFile(home);
    if (found) return found;
  }
  return undefined;
}

/** The dev.json of one home, where there is one. */
export async function readDevFile(home: string): Promise<DevFile | undefined> {
  const file = devFileIn(home);
  let text: string;
  let isTrusted: boolean;
  try {
    await using handle = await open(file);
    isTrusted = isOursAlone(await handle.stat());
    text = await handle.readFile("utf8");
  } catch {
    return undefined;
  }
  if (isTrusted) return parsed(text, file);
  throw new CommandFailed(
    "failed",
    `${file} is not believed: it must be yours, and nobody else may read or write it; remove it, or give --url and --token`,
  );
}

/** What others could have written would send this user's code and tokens wherever it says. */
function isOursAlone({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

/** Writes dev.json for this user's eyes only; whoever reads sees all of it or nothing. */
export async function writeDevFile(
  home: string,
  content: DevFile,
): Promise<void> {
  const file = devFileIn(home);
  const partial = `${file}.partial`;
  await writeFile(partial, `${JSON.stringify(content, undefined, 2)}\n`, {
    mode: 0o600,
  });
  await chmod(partial, 0o600);
  await rename(partial, file);
}

/** Removes dev.json. */
export async function removeDevFile(home: string): Promise<void> {
  await rm(devFileIn(home), { force: true });
}

/** Where a home's dev.json lies. */
export function devFileIn(home: string): string {
  return path.join(home, "dev.json");
}

function homesFrom(terminal: Terminal): string[] {
  const home = terminal.env["ANNEX_HOME"];
  if (home) return [path.resolve(terminal.cwd, home)];
  const homes = [];
  for (let folder = terminal.cwd; ; folder = path.dirname(folder)) {
    homes.push(path.join(folder, ".annex"));
    if (folder === path.dirname(folder)) return homes;
  }
}

function parsed(text: string, file: string): DevFile {
  const content = jsonOf(text);
  if (isDevFile(content)) return content;
  throw new AnnexError(
    "invalid",
    `${file} is not what "annex dev" writes; start "annex dev" again, or set ANNEX_URL`,
  );
}

function isDevFile(content: unknown): content is DevFile {
  const values = new Map(Object.entries(content ?? {}));
  return keys.every((key) => typeof values.get(key) === "string");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
