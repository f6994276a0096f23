/** What is known of a version's top level, from its first slice until nothing of it goes on. */
import type { LoadFailure } from "../protocol.ts";
import type { PayloadForm } from "./bridge.ts";
import { noModule, unsettledTopLevel } from "./failures.ts";

export class TopLevel {
  /** Of the call that evaluates it. */
  readonly id: number;
  /** How the exported function takes its payload; undefined: nothing is exported yet. */
  payloadForm: PayloadForm | undefined;
  /** It waits for something. */
  isAwaiting = false;
  /** While it is evaluated, the answer to that says how it went; later it has to be told. */
  isEvaluating = true;
  #failure: LoadFailure | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get isLoaded(): boolean {
    return this.payloadForm !== undefined;
  }

  fail(failure: LoadFailure): void {
    this.#failure = failure;
  }

  /** Why there is no version. Neither loaded nor failed: the source closed the function it is wrapped in, and is no module. */
  get failure(): LoadFailure | undefined {
    if (this.#failure || this.isLoaded) return this.#failure;
    return this.isAwaiting ? unsettledTopLevel : noModule;
  }
}
