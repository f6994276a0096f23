/** The history: where it stands, and the names under which it tells that something changed. */

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
  | { kind: "point"; point: string }
  | { kind: "egress" }
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

/** A resource's name. No container, extension or point has a slash in theirs. */
export function nameOfResource(resource: Resource): string {
  if (resource.kind === "container") return `container/${resource.container}`;
  if (resource.kind === "extension")
    return `extension/${resource.container}/${resource.extension}`;
  if (resource.kind === "point") return `point/${resource.point}`;
  return resource.kind;
}

/** The resource of a name that nameOfResource made. */
export function resourceOfName(name: string): Resource {
  const [kind, first, second] = name.split("/");
  if (kind === "keys" || kind === "revocations" || kind === "egress")
    return { kind };
  if (kind === "point" && first) return { kind, point: first };
  if (kind === "container" && first) return { kind, container: first };
  if (kind === "extension" && first && second)
    return { kind, container: first, extension: second };
  throw new Error(`no resource is named ${name}`);
}
