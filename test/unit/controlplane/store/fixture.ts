/** A store in a temporary folder, and what it takes to fill it. */
import { spawn, type ChildProcess } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { Bundle } from "../../../../controlplane/domain/version.ts";
import {
  openStore,
  type Store,
  type StoreOptions,
} from "../../../../controlplane/store/store.ts";

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "annex-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Where a store would lie in a folder. */
export function optionsIn(folder: string): StoreOptions {
  return {
    file: join(folder, "annex.db"),
    masterKeyFile: join(folder, "master.key"),
    now: () => 1_800_000_000_000,
  };
}

/** Opens a store until the test ends. */
export async function storeIn(folder: string): Promise<Store> {
  const store = await openStore(optionsIn(folder));
  onTestFinished(() => store.close());
  return store;
}

/** A new store with container acme and point on-login. */
export async function newStore(): Promise<Store> {
  const store = await storeIn(temporaryFolder());
  await store.containers.create({ name: "acme" });
  await store.points.create({ name: "on-login" });
  return store;
}

/** The extension most tests are about. */
export const greet = { container: "acme", extension: "greet" };

/** A publish of source text, as if the build did nothing. */
export function publishOf(source: string) {
  return {
    ...greet,
    files: [{ path: "index.js", content: Buffer.from(source) }],
    entry: "index.js",
    bundle: bundleOf(source),
    activate: true,
    create: false,
  };
}

/** A bundle of source text. */
export function bundleOf(source: string): Bundle {
  const content = Buffer.from(source);
  return {
    content,
    sourceMap: Buffer.from("{}"),
    digest: hash("sha256", content, "hex"),
    runtime: "2026.1",
  };
}

/** Publishes sources one after the other, the first as a new extension. */
export async function publishAll(
  store: Store,
  ...sources: string[]
): Promise<void> {
  for (const [index, source] of sources.entries())
    await store.versions.publish({ ...publishOf(source), create: index === 0 });
}

/** The revision a store stands at. */
export async function revisionOf(store: Store): Promise<number> {
  const { revision } = await store.changes.position();
  return revision;
}

/** A process of its own that creates container after container, and the names whose creation it has acknowledged. */
export class Writer {
  readonly acknowledged: string[] = [];
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #lastWords = "";
  #isGone = false;
  #news = Promise.withResolvers<void>();

  constructor(folder: string, seed: string) {
    const program = join(import.meta.dirname, "writer.ts");
    const child = spawn(process.execPath, [program, folder, seed], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    this.#closed = once(child, "close").then(() => {
      this.#isGone = true;
      this.#news.resolve();
    });
    createInterface(child.stdout).on("line", (name) => {
      this.acknowledged.push(name);
      this.#news.resolve();
    });
    child.stderr.on("data", (words) => {
      this.#lastWords += String(words);
    });
    onTestFinished(() => this.kill());
  }

  /** Waits until so many more creations are acknowledged; throws what it said last where it ended before. */
  async progress(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    while (this.acknowledged.length < goal) {
      if (this.#isGone) throw new Error(`it ended: ${this.#lastWords}`);
      await this.#news.promise;
      this.#news = Promise.withResolvers();
    }
  }

  /** Ends it as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#closed;
  }
}
