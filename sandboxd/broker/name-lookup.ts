/** A name that an invocation's code asks about: answered where a rule allows the name, or what it leads to. */
import { isIP } from "node:net";
import { maxNoteBytes } from "../frames.ts";
import { orAborted } from "./abortable.ts";
import { hostOf } from "./connect.ts";
import type { Container } from "./container.ts";
import type { LookupRequest } from "./messages.ts";
import { codedProblemOf, denied, failed, limited, refused } from "./problem.ts";
import type { SocketAnswer } from "./raw-socket.ts";
import { isHost } from "./rules.ts";
import type { Usage } from "./usage.ts";

export class NameLookup {
  readonly #container: Container;
  readonly #usage: Usage;
  readonly #answer: SocketAnswer;
  readonly #controller = new AbortController();
  #close: () => void = () => undefined;

  constructor(container: Container, usage: Usage, answer: SocketAnswer) {
    this.#container = container;
    this.#usage = usage;
    this.#answer = answer;
  }

  /** Ends it without a word. */
  abort(): void {
    this.#controller.abort(aborted);
    this.#close();
  }

  /** Resolves when it is over, and was said to be. */
  async run(request: LookupRequest): Promise<void> {
    const { caps, policy } = this.#container;
    const { signal } = this.#controller;
    const limitMs = Math.min(policy.requestMs, request.wallMs);
    const timer = setTimeout(() => this.#expire(limitMs), limitMs);
    try {
      this.#close = this.#usage.open(caps);
      const found = await orAborted(this.#find(request, signal), signal);
      const bytes = Buffer.from(JSON.stringify(found));
      if (bytes.length > maxNoteBytes)
        throw failed(`${request.name} has too many records`);
      this.#usage.bytes(bytes.length, caps);
      this.#answer.note("found", bytes);
      this.#answer.end();
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (reason !== aborted)
        this.#answer.failed(codedProblemOf(reason, request.name));
    } finally {
      clearTimeout(timer);
      this.#close();
    }
  }

  async #find(request: LookupRequest, signal: AbortSignal): Promise<unknown> {
    const { guard, lookups, name: container, caps } = this.#container;
    const { record } = request;
    const name = hostOf(request.name);
    if (!isHost(name)) throw denied("that is no name of a host");
    const isAddress = isIP(name) !== 0;
    const leadsToAddresses =
      record === "address" || record === "A" || record === "AAAA";
    const refuse = (refusal: ReturnType<typeof guard.refuseName>) => {
      if (refusal) throw refused(refusal, request.name, true);
    };
    if (isAddress) {
      refuse(guard.refuseFound(name, [name]));
      if (record === "address") return [name];
    } else if (!leadsToAddresses || !guard.hasRanges) {
      refuse(guard.refuseName(name));
    }
    this.#usage.request(caps);
    if (record === "address") {
      const isInternal = guard.isInternalForSomePort(name);
      const wanted = { container, name, isInternal };
      const addresses = await lookups.find(wanted, signal);
      refuse(guard.refuseFound(name, addresses));
      return addresses;
    }
    const found = await lookups.records({ container, name }, record, signal);
    if (leadsToAddresses) refuse(guard.refuseFound(name, addressesIn(found)));
    return found;
  }

  #expire(limitMs: number): void {
    const value = Math.round(limitMs);
    this.#controller.abort(
      limited(
        { name: "egress_ms", value, observed: value },
        `the look-up took longer than ${value} ms`,
      ),
    );
  }
}

const aborted = new Error("aborted");

/** Of records with their time to live. */
function addressesIn(found: unknown): string[] {
  if (!Array.isArray(found)) return [];
  return found.map((one: unknown) =>
    typeof one === "object" && one !== null && "address" in one
      ? String(one.address)
      : "",
  );
}
