/**
 * How much may be on the way to all executors of a host together: unsent on their pipes, or let come from outside. One that
 * does not read costs its share of it and no more; whoever has little on the way is never held up by others.
 */

/** Of all executors together. */
export const maxHostPipeBytes = 64 * 1024 * 1024;
/** So much an executor may have on the way whatever the others have. */
export const freePipeBytes = 1024 * 1024;

/** What is on the way to one executor. */
export interface PipeUse {
  readonly unsentBytes: number;
  /** Let come from outside and not yet there. */
  readonly comingBytes: number;
  /** There is room again. */
  goOn(): void;
}

export class HostPipes {
  readonly #uses = new Set<PipeUse>();
  readonly #waiting = new Set<PipeUse>();

  /** Counts an executor until the returned function is called. */
  add(use: PipeUse): () => void {
    this.#uses.add(use);
    return () => {
      this.#uses.delete(use);
      this.#waiting.delete(use);
      this.freed();
    };
  }

  /** Bytes on all pipes together, where that is too much for an executor that is behind to be sent more. */
  overflow({ unsentBytes }: PipeUse): number | undefined {
    if (unsentBytes <= freePipeBytes) return undefined;
    let sum = 0;
    for (const use of this.#uses) sum += use.unsentBytes;
    return sum > maxHostPipeBytes ? sum : undefined;
  }

  /** Whether so much more may be let come; where not, `goOn` is called when there may be room. */
  hasRoom(use: PipeUse, bytes: number): boolean {
    if (use.unsentBytes + use.comingBytes + bytes <= freePipeBytes) return true;
    let sum = bytes;
    for (const one of this.#uses) sum += one.unsentBytes + one.comingBytes;
    if (sum <= maxHostPipeBytes) return true;
    this.#waiting.add(use);
    return false;
  }

  /** Something has come, was sent or will not come. */
  freed(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const use of waiting) use.goOn();
  }
}
