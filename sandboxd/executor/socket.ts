/** A connection outward, or a look-up, as the executor keeps it: what it tells the isolate, and how much that may have on its way. */
import { maxUntakenWrites } from "../egress-bounds.ts";
import type { EgressNote, EgressProblem } from "../protocol.ts";
import { Inflow, type BodyForm } from "./inflow.ts";
import type { EgressNews, Outward } from "./outward.ts";

export interface SocketParts {
  /** Enters the isolate with news of it. */
  tell: (news: SocketNews, text: string) => void;
  /** Lets so many more bytes come. */
  pull: (bytes: number) => void;
  /** Nothing more will come of it. */
  completed: () => void;
  /** Ends it from here. */
  abort: () => void;
}

/**
 * connected, secured, found: JSON, see protocol.ts; taken: a write has left; piece: bytes that were read; last: the rest of
 * them; closed: nothing more, in any direction; failure: JSON of kind, message and code.
 */
export type SocketNews =
  | "connected"
  | "secured"
  | "found"
  | "taken"
  | "piece"
  | "last"
  | "closed"
  | "failure";

export class GuestSocket implements Outward {
  readonly #parts: SocketParts;
  readonly #bytes: Inflow;
  #soon: NodeJS.Immediate | undefined;
  #untakenWrites = 0;
  #isConnected = false;
  #isFinished = false;
  /** undefined: without TLS so far. */
  #tls: "begun" | "open" | undefined;
  #isComplete = false;
  #isClosed = false;

  constructor(parts: SocketParts, isTls: boolean) {
    this.#parts = parts;
    this.#tls = isTls ? "begun" : undefined;
    this.#bytes = new Inflow({
      deliver: (text, isLast) => {
        parts.tell(isLast ? "last" : "piece", text);
        if (isLast && this.#isComplete) this.#tellClosed();
      },
      pull: parts.pull,
    });
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  begin(): void {
    this.#bytes.begin();
  }

  take(news: EgressNews, body: Buffer): void {
    if (this.#isComplete) return;
    switch (news.type) {
      case "egress-note":
        this.#note(news, body);
        return;
      case "egress-chunk":
        if (this.#tls === "begun") this.#failed(wordsBeforeTls);
        else this.#bytes.push(body);
        return;
      case "egress-end":
        this.#complete();
        // Its last bytes first, where there is somebody to read them.
        if (this.#isConnected && !this.#bytes.isDelivered) this.#bytes.end();
        else this.#tellClosed();
        return;
      case "egress-failure":
        this.#failed(news.failure);
        return;
      case "egress-head":
        return; // of a request only
    }
  }

  read(form: BodyForm): void {
    this.#bytes.read(form);
  }

  /** False: the runtime should have waited. */
  mayWrite(): boolean {
    if (!this.#isConnected || this.#isFinished) return false;
    return ++this.#untakenWrites <= maxUntakenWrites;
  }

  /** False: it should have known. */
  mayFinish(): boolean {
    if (!this.#isConnected || this.#isFinished) return false;
    this.#isFinished = true;
    return true;
  }

  /** As `mayFinish`. What has come until now and was not read is not the other side's, once the guest trusts it by TLS. */
  mayUpgrade(): boolean {
    if (!this.#isConnected || this.#tls !== undefined) return false;
    this.#tls = "begun";
    if (this.#bytes.hasBytes) this.failSoon(wordsBeforeTls);
    return true;
  }

  failSoon(problem: EgressProblem): void {
    this.#soon = setImmediate(() => this.#failed(problem));
  }

  close(): void {
    this.#complete();
    this.#isClosed = true;
    clearImmediate(this.#soon);
    this.#bytes.close();
  }

  #note({ note }: EgressNote, body: Buffer): void {
    switch (note) {
      case "taken":
        this.#untakenWrites--;
        this.#parts.tell("taken", "");
        return;
      case "finished":
        this.#bytes.end();
        return;
      case "connected":
        this.#isConnected = true;
        break;
      case "secured":
        this.#tls = "open";
        break;
      case "found":
        break;
    }
    this.#parts.tell(note, body.toString());
  }

  #failed({ kind, message, code = codes[kind] }: EgressProblem): void {
    if (this.#isClosed) return;
    if (!this.#isComplete) {
      this.#complete();
      // Of one that the other side ended, this comes to nothing.
      if (message === wordsBeforeTls.message) this.#parts.abort();
    }
    this.#isClosed = true;
    this.#bytes.close();
    this.#parts.tell("failure", JSON.stringify([kind, message, code]));
  }

  #tellClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.tell("closed", "");
  }

  #complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    this.#parts.completed();
  }
}

/** Where sandboxd itself refuses, which knows of no socket. */
const codes: Record<EgressProblem["kind"], string> = {
  denied: "EACCES",
  limit: "EGRESS_LIMIT",
  failed: "ECONNRESET",
};

/** Somebody between may have put them there: read later, they would pass for the other side's own. */
const wordsBeforeTls: EgressProblem = {
  kind: "failed",
  message: "bytes came before TLS was begun, and were not read",
  code: "EPROTO",
};
