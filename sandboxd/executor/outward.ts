/** What a call has open outward, a request or a connection, as the call keeps it. */
import type {
  EgressChunk,
  EgressEnd,
  EgressFailure,
  EgressHead,
  EgressNote,
  EgressProblem,
} from "../protocol.ts";
import type { BodyForm } from "./inflow.ts";

/** What the supervisor tells of it. */
export type EgressNews =
  EgressHead | EgressNote | EgressChunk | EgressEnd | EgressFailure;

export interface Outward {
  /** Whether the other side has nothing more to say. */
  readonly isComplete: boolean;
  /** It has left the executor. */
  begin(): void;
  /** Passes on what came of it. */
  take(news: EgressNews, body: Buffer): void;
  /** The isolate wants the next bytes. */
  read(form: BodyForm): void;
  /** Fails, once what runs now has left the isolate. */
  failSoon(problem: EgressProblem): void;
  /** Nothing of it is told any more. */
  close(): void;
}
