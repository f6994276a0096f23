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
  readonly process: ChildProcess;
  #news = Promise.withResolvers<void>();

  constructor(folder: string, seed: string) {
    const program = join(import.meta.dirname, "writer.ts");
    this.process = spawn(process.execPath, [program, folder, seed], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => this.kill());
    if (!this.process.stdout) throw new Error("a pipe was asked for");
    createInterface(this.process.stdout).on("line", (name) => {
      this.acknowledged.push(name);
      this.#news.resolve();
    });
  }

  /** Waits until so many more creations are acknowledged. */
  async progress(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    while (this.acknowledged.length < goal) {
      this.#news = Promise.withResolvers();
      await Promise.race([this.#news.promise, this.#exited()]);
    }
  }

  /** Ends it as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null)
      return;
    const closed = once(this.process, "close");
    this.process.kill("SIGKILL");
    await closed;
  }

  async #exited(): Promise<never> {
    await once(this.process, "exit");
    throw new Error("the writer ended before its time");
  }
}
