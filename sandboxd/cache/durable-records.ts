/** The catalog's records on their way to the disk: which of them it does not have yet, and why. */
import { AnnexError } from "../../proto/errors.ts";
import type { Disk } from "./disk.ts";
import { writeRecord } from "./records.ts";

/** What is needed of a logger. */
export interface RecordsLog {
  error(fields: object, message: string): void;
}

/** Writes and removes records, of one file one at a time, so that the later one lasts. */
export class DurableRecords {
  readonly #disk: Disk;
  readonly #log: RecordsLog;
  /** What the disk does not have yet, by file; undefined: that the file is gone. */
  readonly #unwritten = new Map<string, unknown>();
  readonly #turns = new Map<string, Promise<void>>();
  #degraded: string | undefined;

  constructor(disk: Disk, log: RecordsLog) {
    this.#disk = disk;
    this.#log = log;
  }

  /** Why the disk no longer has what memory has; unset while it has. */
  get degraded(): string | undefined {
    return this.#degraded;
  }

  /** Whether the disk has the last that was to be written to this file. */
  has(file: string): boolean {
    return !this.#unwritten.has(file);
  }

  write(file: string, value: object): Promise<void> {
    this.#unwritten.set(file, value);
    return this.durably(this.#inTurn(file));
  }

  remove(file: string): Promise<void> {
    this.#unwritten.set(file, undefined);
    return this.durably(this.#inTurn(file));
  }

  /** Tries again what the disk has not taken; some of it nobody else knows. */
  async retry(): Promise<void> {
    for (const file of this.#unwritten.keys())
      await this.durably(this.#inTurn(file));
  }

  /** Takes note that the disk works again, where it has everything. */
  settle(): void {
    if (this.#unwritten.size === 0) this.#degraded = undefined;
  }

  /** Turns a failure of the disk into `unavailable`, and takes note of it. */
  async durably(change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      if (error instanceof AnnexError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#degraded === undefined)
        this.#log.error(
          { err: error },
          "cache cannot be written; serving from memory",
        );
      this.#degraded = reason;
      throw new AnnexError(
        "unavailable",
        `cache cannot be written: ${reason}`,
        { cause: error },
      );
    }
  }

  #inTurn(file: string): Promise<void> {
    const before = this.#turns.get(file) ?? Promise.resolve();
    const turn = before.then(() => this.#bring(file));
    const ended = turn
      .catch(() => undefined) // its own caller has it
      .then(() => {
        if (this.#turns.get(file) === ended) this.#turns.delete(file);
      });
    this.#turns.set(file, ended);
    return turn;
  }

  /** Brings the latest; nothing where the turn before has. */
  async #bring(file: string): Promise<void> {
    if (!this.#unwritten.has(file)) return;
    const value = this.#unwritten.get(file);
    if (value === undefined) await this.#disk.remove(file);
    else await writeRecord(this.#disk, file, value);
    if (this.#unwritten.get(file) === value) this.#unwritten.delete(file);
  }
}
