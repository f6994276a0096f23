/** The requests outward of one call: how many are open, where their answers are. They end with the call. */
import { isHeadWithinBounds } from "../frames.ts";
import type {
  EgressChunk,
  EgressEnd,
  EgressFailure,
  EgressHead,
  EgressReply,
} from "../protocol.ts";
import type { GuestEgress } from "./bridge.ts";
import { Exchange, type BodyForm, type ExchangeNews } from "./exchange.ts";
import { egressBodyProblem, longEgressHead } from "./failures.ts";
import type { Reply } from "./main.ts";

export interface ExchangesParts {
  /** The call's. */
  id: number;
  reply: Reply;
  /** Enters the isolate with news of a request. */
  tell: (egress: number, news: ExchangeNews, text: string) => void;
  maxOpen: number;
  maxBodyBytes: number;
}

interface Unsent {
  exchange: Exchange;
  head: EgressReply;
  body: Buffer;
}

/** What the supervisor tells of a request. */
export type EgressNews = EgressHead | EgressChunk | EgressEnd | EgressFailure;

export class CallExchanges {
  readonly #parts: ExchangesParts;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #unsent = new Map<number, Unsent>();
  #openCount = 0;
  #sentCount = 0;

  constructor(parts: ExchangesParts) {
    this.#parts = parts;
  }

  /** Requests that left: what they do out there stays done. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Takes a request; false if the runtime should have refused it. Only how many bytes a text makes it does not know: the guest is told. */
  send({ kind: _kind, call: _call, body, ...request }: GuestEgress): boolean {
    const { egress } = request;
    const { id, maxOpen, maxBodyBytes } = this.#parts;
    if (this.#exchanges.has(egress) || this.#openCount >= maxOpen) return false;
    const exchange = this.#open(egress);
    if (body.length > maxBodyBytes) {
      exchange.failSoon(egressBodyProblem(maxBodyBytes, body.length));
      return true;
    }
    const head: EgressReply = { type: "egress", id, ...request };
    if (!isHeadWithinBounds(head)) {
      exchange.failSoon(longEgressHead);
      return true;
    }
    this.#unsent.set(egress, { exchange, head, body });
    return true;
  }

  /** Sends what the slice that has just ended asked for and still wants: thousands may be begun and given up in one. */
  flush(): void {
    for (const { exchange, head, body } of this.#unsent.values()) {
      this.#sentCount++;
      this.#parts.reply(head, body);
      exchange.begin();
    }
    this.#unsent.clear();
  }

  /** The isolate wants the next piece of an answer. */
  read(egress: number, form: BodyForm): void {
    this.#exchanges.get(egress)?.read(form);
  }

  /** The isolate wants nothing more of it. */
  abort(egress: number): void {
    const exchange = this.#exchanges.get(egress);
    if (!exchange) return;
    const { id, reply } = this.#parts;
    if (!this.#unsent.delete(egress) && !exchange.isComplete)
      reply({ type: "egress-abort", id, egress });
    this.#forget(egress);
  }

  /** Passes on what came; what comes for a request that is no longer there is dropped. */
  take(news: EgressNews, body: Buffer): void {
    const exchange = this.#exchanges.get(news.egress);
    switch (news.type) {
      case "egress-head":
        exchange?.head(news);
        return;
      case "egress-chunk":
        exchange?.chunk(body);
        return;
      case "egress-end":
        exchange?.end();
        return;
      case "egress-failure":
        exchange?.failed(news.failure);
    }
  }

  /** Forgets all of them; the supervisor ends its side by itself. */
  end(): void {
    for (const exchange of this.#exchanges.values()) exchange.close();
    this.#exchanges.clear();
    this.#unsent.clear();
  }

  #open(egress: number): Exchange {
    const { id, reply, tell } = this.#parts;
    const exchange = new Exchange({
      tell: (news, text) => {
        if (news === "last" || news === "failure") this.#forget(egress);
        tell(egress, news, text);
      },
      pull: (bytes) => reply({ type: "egress-pull", id, egress, bytes }),
      completed: () => this.#openCount--,
    });
    this.#exchanges.set(egress, exchange);
    this.#openCount++;
    return exchange;
  }

  #forget(egress: number): void {
    this.#exchanges.get(egress)?.close();
    this.#exchanges.delete(egress);
  }
}
