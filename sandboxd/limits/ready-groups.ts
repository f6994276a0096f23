/** Control groups made before they are wanted: to make one takes the kernel longer than the loop that carries calls may wait. */
import { makeGroup, makeGroupAhead, type Group } from "./group.ts";
import type { GroupOptions } from "./group.ts";
import type { ProcessLimits } from "./limits.ts";

/** As many as a host starts executors at once; whoever wants more waits for the kernel. */
const maxReady = 6;

export class ReadyGroups {
  readonly #next: () => GroupOptions;
  readonly #ready: Group[] = [];
  #making: Promise<void> | undefined;
  /** Those wanted last are likely to be wanted next. */
  #expected: ProcessLimits | undefined;
  #isClosed = false;

  /** `next` tells of a group with a name no other has had. */
  constructor(next: () => GroupOptions) {
    this.#next = next;
    this.#fill();
  }

  /** A group with these limits; throws where the kernel refuses. */
  take(limits: ProcessLimits): Group {
    const group = this.#ready.shift();
    this.#expected = limits;
    this.#fill();
    if (!group) return makeGroup(this.#next(), limits);
    try {
      group.confineNow(limits);
    } catch (error) {
      void group.remove();
      throw error;
    }
    return group;
  }

  /** Removes those nobody took; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#making;
    await Promise.all(this.#ready.splice(0).map((group) => group.remove()));
  }

  #fill(): void {
    if (this.#isClosed) return;
    this.#making ??= this.#makeMissing().finally(() => {
      this.#making = undefined;
    });
  }

  async #makeMissing(): Promise<void> {
    while (this.#ready.length < maxReady && !this.#isClosed)
      try {
        this.#ready.push(await makeGroupAhead(this.#next(), this.#expected));
      } catch {
        // Whoever wants one next makes it at once, and hears why it cannot be.
        return;
      }
  }
}
