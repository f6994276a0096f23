/** A request outward as the executor keeps it: what has come of its answer is told to the isolate, its body when that asks for it. */
import type { EgressHead, EgressProblem } from "../protocol.ts";
import { Inflow, type BodyForm } from "./inflow.ts";
import type { EgressNews } from "./outward.ts";

export interface ExchangeParts {
  /** Enters the isolate with news of it. */
  tell: (news: ExchangeNews, text: string) => void;
  /** Lets so many more bytes come. */
  pull: (bytes: number) => void;
  /** All of the answer has come, or there will be none. */
  completed: () => void;
}

/**
 * head: JSON, see `headText`; piece: some of the body; last: the rest of it; complete: nothing more will come, though not
 * all is read; failure: JSON of kind and message.
 */
export type ExchangeNews = "head" | "piece" | "last" | "complete" | "failure";

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #body: Inflow;
  #soon: NodeJS.Immediate | undefined;
  #isComplete = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#body = new Inflow({
      deliver: (text, isLast) => parts.tell(isLast ? "last" : "piece", text),
      pull: parts.pull,
    });
  }

  /** Lets the first window come. */
  begin(): void {
    this.#body.begin();
  }

  /** Whether the other side has nothing more to say. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Passes on what came of it. */
  take(news: EgressNews, body: Buffer): void {
    switch (news.type) {
      case "egress-head":
        if (!this.#isComplete) this.#parts.tell("head", headText(news));
        return;
      case "egress-chunk":
        if (!this.#isComplete) this.#body.push(body);
        return;
      case "egress-end":
        if (this.#complete() && !this.#body.end())
          this.#parts.tell("complete", "");
        return;
      case "egress-failure":
        this.#failed(news.failure);
        return;
      case "egress-note":
        return; // of a connection only
    }
  }

  /** Fails, once what runs now has left the isolate. */
  failSoon(problem: EgressProblem): void {
    this.#soon = setImmediate(() => this.#failed(problem));
  }

  /** The isolate wants the next piece of the body. */
  read(form: BodyForm): void {
    this.#body.read(form);
  }

  /** Nothing of it is told any more. */
  close(): void {
    this.#complete();
    clearImmediate(this.#soon);
    this.#body.close();
  }

  #failed({ kind, message, code = "" }: EgressProblem): void {
    if (!this.#complete()) return;
    this.#body.close();
    this.#parts.tell("failure", JSON.stringify([kind, message, code]));
  }

  #complete(): boolean {
    if (this.#isComplete) return false;
    this.#isComplete = true;
    this.#parts.completed();
    return true;
  }
}

function headText(head: EgressHead): string {
  const { status, statusText, headers } = head;
  return JSON.stringify([status, statusText, ...headers.flat()]);
}
