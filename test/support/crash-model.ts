/** What must be true of one extension however often the daemons are killed, as its author and its callers see it. */
import { expect } from "vitest";
import type { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import type { RpcConnection } from "../../proto/rpc/client.ts";

export type Extensions = RpcConnection<ExtensionServiceDefinition>["client"];

/** What an author asked for and has not been told the end of. */
type Order =
  | { kind: "publish"; mark: string; activate: boolean }
  | { kind: "activate"; version: number };

interface KnownVersion {
  /** What this version answers. */
  mark: string;
  digest: string;
}

interface Sighting {
  version: number;
  /** So many sightings were there when it was asked for: of calls at the same time none is the earlier. */
  after: number;
  /** The number of activations begun by then. */
  begun: number;
}

/** The author's and the callers' memory of one extension; `check` compares it with the control plane's. */
export class CrashModel {
  readonly container: string;
  readonly extension: string;
  /** By number - 1. */
  readonly #versions: KnownVersion[] = [];
  /** Versions in the order they were activated. */
  readonly #activations: number[] = [];
  readonly #sightings: Sighting[] = [];
  #open: Order | undefined;
  #marks = 0;

  constructor(container: string, extension: string) {
    this.container = container;
    this.extension = extension;
  }

  get versions(): number {
    return this.#versions.length;
  }

  get active(): number {
    return this.#activations.at(-1) ?? 0;
  }

  /** How many different versions answered. */
  get seen(): number {
    return new Set(this.#sightings.map(({ version }) => version)).size;
  }

  /** Publishes a new version; where it rejects, `check` finds out what became of it. */
  async publish(
    extensions: Extensions,
    { activate, isBroken }: { activate: boolean; isBroken: boolean },
  ): Promise<void> {
    const mark = `${this.extension}-${++this.#marks}`;
    this.#open = { kind: "publish", mark, activate };
    const { version, extension } = await extensions.publishVersion({
      ...this.#names(),
      files: [{ path: "index.js", content: sourceOf(mark, isBroken) }],
      activate,
      create: this.versions === 0,
    });
    expect(version?.number).toBe(this.versions + 1);
    this.#published(mark, version?.digest ?? "", activate);
    expect(extension?.activeVersion).toBe(this.active);
  }

  /** Activates a version that exists. */
  async activate(extensions: Extensions, version: number): Promise<void> {
    this.#open = { kind: "activate", version };
    await extensions.activateVersion({ ...this.#names(), number: version });
    this.#activated(version);
  }

  /** What has been seen so far; for `saw`. */
  get sightings(): number {
    return this.#sightings.length;
  }

  /** Notes that a host served a version, or said that it does, when asked after so many sightings. */
  saw(after: number, version: number, mark?: unknown): void {
    const begun =
      this.#activations.length + (this.#activatedByOpen() === version ? 1 : 0);
    this.#sightings.push({ version, after, begun });
    if (mark !== undefined) expect(mark).toBe(this.#markOf(version));
  }

  /** Compares with a control plane that came back: nothing acknowledged is lost, nothing is half there. */
  async check(extensions: Extensions): Promise<void> {
    const { extension } = await extensions.getExtension(this.#names());
    if (extension) await this.#settle(extensions, extension);
    expect(extension).toMatchObject({
      newestVersion: this.versions,
      activeVersion: this.active,
    });
  }

  /** Checks every version, oldest to newest. */
  async checkAll(extensions: Extensions): Promise<void> {
    await this.check(extensions);
    for (const [index, { mark, digest }] of this.#versions.entries())
      expect(await this.#read(extensions, index + 1)).toEqual({ mark, digest });
  }

  /** Whether what the host served follows the activations: each may be passed over, none comes back by itself. */
  checkSightings(): void {
    /** The latest activation seen, before the first sighting, after it, and so on. */
    const reached = [0];
    for (const { version, after, begun } of this.#sightings) {
      const found = this.#activations.indexOf(version, reached[after]);
      expect(
        found >= 0 && found < begun,
        `${this.extension}@${version} serves in its turn`,
      ).toBe(true);
      reached.push(Math.max(found, reached.at(-1) ?? 0));
    }
  }

  #published(mark: string, digest: string, activate: boolean): void {
    this.#open = undefined;
    this.#versions.push({ mark, digest });
    if (activate) this.#activated(this.versions);
  }

  #activated(version: number): void {
    this.#open = undefined;
    this.#activations.push(version);
  }

  #activatedByOpen(): number | undefined {
    if (this.#open?.kind === "activate") return this.#open.version;
    return this.#open?.activate ? this.versions + 1 : undefined;
  }

  #markOf(version: number): string | undefined {
    const known = this.#versions[version - 1];
    if (known) return known.mark;
    return this.#open?.kind === "publish" ? this.#open.mark : undefined;
  }

  /** An order whose end was not told was carried out in full, or not at all. */
  async #settle(
    extensions: Extensions,
    is: { newestVersion: number; activeVersion: number },
  ): Promise<void> {
    const order = this.#open;
    if (order?.kind === "activate" && is.activeVersion === order.version)
      this.#activated(order.version);
    if (order?.kind === "publish" && is.newestVersion !== this.versions) {
      const { mark, digest } = await this.#read(extensions, this.versions + 1);
      expect(mark).toBe(order.mark);
      this.#published(order.mark, digest, order.activate);
    }
    // Not before: a host may serve it meanwhile.
    this.#open = undefined;
  }

  async #read(extensions: Extensions, number: number) {
    const { version, files } = await extensions.getVersion({
      ...this.#names(),
      number,
      source: true,
    });
    expect(version?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(version?.bundleBytes).toBeGreaterThan(0);
    const mark = markPattern.exec(String(files[0]?.content))?.[1];
    return { mark, digest: version?.digest ?? "" };
  }

  #names() {
    return { container: this.container, extension: this.extension };
  }
}

const markPattern = /"mark:(.*)"/;

function sourceOf(mark: string, isBroken: boolean): Buffer {
  const first = isBroken ? 'throw new Error("at the top");' : "";
  return Buffer.from(`${first}
module.exports = (cb) => cb(null, "mark:${mark}".slice(5));`);
}
