/**
 * A private folder in which esbuild resolves modules by Node's own rules. Contents come from memory (bundle.ts); on disk
 * lie only the names, and the package.json files, which the resolver reads itself. So no author's code rests on the disk.
 */
import {
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** The folder; disposing it removes it. */
export interface Layout extends AsyncDisposable {
  /** Absolute, without symbolic links. Its last part is always the same, because names in the bundle are made of it. */
  root: string;
}

const prefix = "annex-build-";
/** No build lasts so long: a folder of this age was left by a control plane that was killed. */
const staleMs = 10 * 60 * 1000;

/** Removes the folders that builds of killed control planes have left. */
export async function removeStaleLayouts(now: () => number): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const folder = path.join(tmpdir(), name);
    // Another control plane's may end meanwhile.
    const age = await stat(folder).catch(() => undefined);
    const isOurs = age?.uid === process.getuid?.();
    if (age && isOurs && now() - age.mtimeMs > staleMs)
      await rm(folder, { recursive: true, force: true });
  }
}

/** Lays the files' names out in a new folder that only this user can enter. */
export async function layOut(
  files: ReadonlyMap<string, string>,
): Promise<Layout> {
  const outer = await mkdtemp(path.join(await realpath(tmpdir()), prefix));
  const remove = () => rm(outer, { recursive: true, force: true });
  try {
    // Ends the resolver's walk upwards for the package.json that a file belongs to.
    await writeFile(path.join(outer, "package.json"), "{}");
    const root = path.join(outer, "source");
    await mkdir(root);
    const folders = new Set(
      [...files.keys()].map((name) => path.posix.dirname(name)),
    );
    await inBatches([...folders], (folder) =>
      mkdir(path.join(root, folder), { recursive: true }),
    );
    await inBatches([...files], ([name, text]) =>
      writeFile(path.join(root, name), isPackageJson(name) ? text : ""),
    );
    return { root, [Symbol.asyncDispose]: remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

const batchSize = 64;

async function inBatches<Item>(
  items: Item[],
  make: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < items.length; at += batchSize) {
    await Promise.all(items.slice(at, at + batchSize).map(make));
  }
}

function isPackageJson(name: string): boolean {
  return path.posix.basename(name) === "package.json";
}
