/** A host to test: a real catalog in a temporary folder, a real sync, a fake control plane and executor. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import type { OpenCatalog } from "../../../../sandboxd/cache/catalog.ts";
import type { Files } from "../../../../sandboxd/cache/disk.ts";
import { openCatalog } from "../../../../sandboxd/cache/open.ts";
import type { LoadFailure } from "../../../../sandboxd/protocol.ts";
import type {
  Candidate,
  SyncDependencies,
} from "../../../../sandboxd/sync/dependencies.ts";
import { startSync, type Sync } from "../../../../sandboxd/sync/sync.ts";
import { FakeControlPlane, patience } from "./fake-control-plane.ts";

export interface LogLine {
  level: "info" | "warn" | "error";
  fields: object;
  message: string;
}

export class TestHost {
  readonly controlPlane = new FakeControlPlane();
  readonly lines: LogLine[] = [];
  /** Versions handed to the checker, as `extension@number`. */
  readonly checked: string[] = [];
  readonly warmed: string[] = [];
  /** Waits that are under way. */
  readonly sleeps: { ms: number; wake: () => void }[] = [];
  nowMs = 0;
  check: (candidate: Candidate) => Promise<LoadFailure | undefined> = () =>
    Promise.resolve(undefined);
  readonly catalog: OpenCatalog;
  readonly sync: Sync;

  constructor(catalog: OpenCatalog, overrides: Partial<SyncDependencies> = {}) {
    this.catalog = catalog;
    this.sync = startSync(config, { ...this.#dependencies(), ...overrides });
    onTestFinished(() => this.sync.close());
  }

  /** Waits until the sync sleeps, lets the time pass, and tells how long it wanted to sleep. */
  async wake(): Promise<number> {
    const sleep = await vi.waitFor(() => {
      const next = this.sleeps.shift();
      if (!next) throw new Error("nobody sleeps yet");
      return next;
    }, patience);
    sleep.wake();
    return sleep.ms;
  }

  #dependencies(): SyncDependencies {
    return {
      catalog: this.catalog,
      connect: () => this.controlPlane.connect(),
      checkVersion: (candidate) => {
        this.checked.push(nameOf(candidate));
        return this.check(candidate);
      },
      warm: (candidate) => {
        this.warmed.push(nameOf(candidate));
        return Promise.resolve(false);
      },
      verifyHistory: (token) =>
        token.startsWith("signed:")
          ? Promise.resolve(token.slice("signed:".length))
          : Promise.reject(new Error("the token is not valid here")),
      caughtUp: () => undefined,
      log: logInto(this.lines),
      now: () => this.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          this.sleeps.push({ ms, wake: () => resolve(undefined) });
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    };
  }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "annex-sync-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens the catalog of a folder and starts a sync of it. */
export async function startHost(
  folder: string,
  options: { files?: Files; overrides?: Partial<SyncDependencies> } = {},
): Promise<TestHost> {
  const lines: LogLine[] = [];
  const { files } = options;
  const catalog = await openCatalog({
    folder,
    now: Date.now,
    log: logInto(lines),
    ...(files && { files }),
  });
  return new TestHost(catalog, options.overrides);
}

export function logInto(lines: LogLine[]): SyncDependencies["log"] {
  const into =
    (level: LogLine["level"]) => (fields: object, message: string) => {
      lines.push({ level, fields, message });
    };
  return { info: into("info"), warn: into("warn"), error: into("error") };
}

const config = {
  host: "host-1",
  instance: "run-1",
  subscription: { scope: { $case: "all" as const, value: {} } },
  runtimes: ["2026.1"],
  runUrl: "http://127.0.0.1:7702",
  release: "0.1.0",
  walls: "bwrap",
  limits: "cgroup2",
};

function nameOf({ extension, version }: Candidate): string {
  return `${extension}@${version.number}`;
}
