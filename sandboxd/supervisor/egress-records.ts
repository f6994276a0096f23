/** What came of one call's egress: a record of the first of it, for spans, and counts of all. */
import type { EgressCounts, EgressRecord } from "./egress.ts";

const maxRecords = 100;

export class EgressRecords {
  readonly #records: EgressRecord[] = [];
  readonly #counts: EgressCounts = {};

  /** Of the first of it. */
  get first(): readonly EgressRecord[] {
    return this.#records;
  }

  /** Of all that has ended. */
  get counts(): EgressCounts {
    return this.#counts;
  }

  begin({
    method,
    origin,
    sentBytes,
  }: Pick<EgressRecord, "method" | "origin" | "sentBytes">): EgressRecord {
    const startedAt = performance.now();
    const record: EgressRecord = {
      method,
      origin,
      startedAt,
      endedAt: startedAt,
      status: 0,
      sentBytes,
      receivedBytes: 0,
      outcome: "aborted",
    };
    if (this.#records.length < maxRecords) this.#records.push(record);
    return record;
  }

  end(record: EgressRecord, outcome: EgressRecord["outcome"]): void {
    record.outcome = outcome;
    record.endedAt = performance.now();
    const { sentBytes, receivedBytes } = record;
    const count = (this.#counts[outcome] ??= {
      requests: 0,
      sentBytes: 0,
      receivedBytes: 0,
    });
    count.requests++;
    count.sentBytes += sentBytes;
    count.receivedBytes += receivedBytes;
  }
}
