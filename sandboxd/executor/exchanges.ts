/** What one call has open outward, requests, connections and look-ups: how many, and where their answers are. It ends with the call. */
import { maxTlsWishesBytes, maxWriteBytes } from "../egress-bounds.ts";
import { isHeadWithinBounds } from "../frames.ts";
import type {
  EgressConnectReply,
  EgressLookupReply,
  EgressReply,
} from "../protocol.ts";
import type {
  GuestConnect,
  GuestEgress,
  GuestLookup,
  GuestReading,
  GuestSocketItem,
} from "./bridge.ts";
import { Exchange, type ExchangeNews } from "./exchange.ts";
import {
  egressBodyProblem,
  longEgressHead,
  longTlsWishes,
} from "./failures.ts";
import type { Reply } from "./main.ts";
import type { EgressNews, Outward } from "./outward.ts";
import { GuestSocket, type SocketNews } from "./socket.ts";

export interface ExchangesParts {
  /** The call's. */
  id: number;
  reply: Reply;
  /** Enters the isolate with news of a request. */
  tell: (egress: number, news: ExchangeNews | SocketNews, text: string) => void;
  maxOpen: number;
  maxBodyBytes: number;
}

type Opening = EgressReply | EgressConnectReply | EgressLookupReply;

interface Unsent {
  outward: Outward;
  head: Opening;
  body: Buffer | undefined;
}

export class CallExchanges {
  readonly #parts: ExchangesParts;
  readonly #exchanges = new Map<number, Outward>();
  readonly #sockets = new Map<number, GuestSocket>();
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

  /** Takes a request, a wish for a connection or a look-up; false if the runtime should have refused it. */
  open(item: GuestEgress | GuestConnect | GuestLookup): boolean {
    switch (item.kind) {
      case "egress":
        return this.#request(item);
      case "connect":
        return this.#connect(item);
      case "lookup":
        return this.#lookup(item);
    }
  }

  /** Does what the isolate asks of what is open; false if the runtime should not have. */
  ask(item: GuestSocketItem | GuestReading): boolean {
    switch (item.kind) {
      case "read":
        this.#exchanges.get(item.egress)?.read(item.form);
        return true;
      case "abort":
        this.#abort(item.egress);
        return true;
      case "write":
      case "finish":
      case "upgrade":
        return this.#askSocket(item);
    }
  }

  /** Sends what the slice that has just ended asked for and still wants: thousands may be begun and given up in one. */
  flush(): void {
    for (const { outward, head, body } of this.#unsent.values()) {
      this.#sentCount++;
      this.#parts.reply(head, body);
      outward.begin();
    }
    this.#unsent.clear();
  }

  /** Passes on what came; what comes for a request that is no longer there is dropped. */
  take(news: EgressNews, body: Buffer): void {
    this.#exchanges.get(news.egress)?.take(news, body);
  }

  /** Forgets all of them; the supervisor ends its side by itself. */
  end(): void {
    for (const exchange of this.#exchanges.values()) exchange.close();
    this.#exchanges.clear();
    this.#sockets.clear();
    this.#unsent.clear();
  }

  /** Only how many bytes a text makes the runtime does not know: the guest is told. */
  #request({
    kind: _kind,
    call: _call,
    body,
    ...request
  }: GuestEgress): boolean {
    const { egress } = request;
    const { id, maxOpen, maxBodyBytes } = this.#parts;
    if (this.#exchanges.has(egress) || this.#openCount >= maxOpen) return false;
    const exchange = this.#openExchange(egress);
    if (body.length > maxBodyBytes) {
      exchange.failSoon(egressBodyProblem(maxBodyBytes, body.length));
      return true;
    }
    this.#sendSoon(exchange, { type: "egress", id, ...request }, body);
    return true;
  }

  #connect({ egress, host, port, address, tls }: GuestConnect): boolean {
    const { id } = this.#parts;
    const socket = this.#openSocket(egress, tls.length > 0);
    if (!socket) return false;
    if (tls.length > maxTlsWishesBytes) {
      socket.failSoon(longTlsWishes);
      return true;
    }
    const head = { type: "egress-connect" as const, id, egress };
    this.#sendSoon(socket, { ...head, host, port, address }, tls);
    return true;
  }

  #lookup({ egress, name, record }: GuestLookup): boolean {
    const { id } = this.#parts;
    const socket = this.#openSocket(egress, false);
    if (!socket) return false;
    this.#sendSoon(socket, { type: "egress-lookup", id, egress, name, record });
    return true;
  }

  /** One that is gone is asked nothing more. */
  #askSocket(item: GuestSocketItem): boolean {
    const { egress } = item;
    const { id, reply } = this.#parts;
    const socket = this.#sockets.get(egress);
    if (!socket || socket.isComplete) return true;
    switch (item.kind) {
      case "write":
        if (item.body.length > maxWriteBytes || !socket.mayWrite())
          return false;
        reply({ type: "egress-write", id, egress }, item.body);
        return true;
      case "finish":
        if (!socket.mayFinish()) return false;
        reply({ type: "egress-finish", id, egress });
        return true;
      case "upgrade":
        if (!socket.mayUpgrade()) return false;
        if (item.tls.length > maxTlsWishesBytes) socket.failSoon(longTlsWishes);
        else reply({ type: "egress-upgrade", id, egress }, item.tls);
        return true;
    }
  }

  #abort(egress: number): void {
    const exchange = this.#exchanges.get(egress);
    if (!exchange) return;
    const { id, reply } = this.#parts;
    if (!this.#unsent.delete(egress) && !exchange.isComplete)
      reply({ type: "egress-abort", id, egress });
    this.#forget(egress);
  }

  #sendSoon(outward: Outward, head: Opening, body?: Buffer): void {
    if (isHeadWithinBounds(head))
      this.#unsent.set(head.egress, { outward, head, body });
    else outward.failSoon(longEgressHead);
  }

  #openExchange(egress: number): Exchange {
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

  #openSocket(egress: number, isTls: boolean): GuestSocket | undefined {
    const { id, reply, tell, maxOpen } = this.#parts;
    if (this.#exchanges.has(egress) || this.#openCount >= maxOpen)
      return undefined;
    const socket = new GuestSocket(
      {
        tell: (news, text) => {
          if (news === "closed" || news === "failure") this.#forget(egress);
          tell(egress, news, text);
        },
        pull: (bytes) => reply({ type: "egress-pull", id, egress, bytes }),
        completed: () => this.#openCount--,
        abort: () => reply({ type: "egress-abort", id, egress }),
      },
      isTls,
    );
    this.#exchanges.set(egress, socket);
    this.#sockets.set(egress, socket);
    this.#openCount++;
    return socket;
  }

  #forget(egress: number): void {
    this.#exchanges.get(egress)?.close();
    this.#exchanges.delete(egress);
    this.#sockets.delete(egress);
  }
}
