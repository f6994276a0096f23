/** A place in the control plane's history. */
export interface Position {
  /** A restored backup starts a new history. */
  historyId: string;
  /** Counts the transactions of that history that changed something. */
  revision: number;
}

/** A thing hosts are told of. */
export type Resource =
  | { kind: "container"; container: string }
  | { kind: "extension"; container: string; extension: string }
  | { kind: "keys" }
  | { kind: "revocations" };

/** That a resource is not what it was. */
export interface Change {
  /** The resource's name, e.g. `extension/acme/greet`. */
  name: string;
  resource: Resource;
  /** The latest revision that changed it. */
  revision: number;
  /** Whether it is no more. */
  removed: boolean;
  /** W3C trace context of that transaction, where it had one. */
  traceparent: string | undefined;
}
