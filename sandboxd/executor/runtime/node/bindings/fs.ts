/** Files in memory, under Node's own `fs`: what lies where, and what is open. */
import { createFileSystem, type FileSystem } from "../files/file-system.ts";
import { openFileBinding } from "../files/open-binding.ts";
import { createRequests, type Requests } from "../files/requests.ts";
import { roomOf, statsOf } from "../files/stats.ts";
import { treeBinding } from "../files/tree-binding.ts";
import { copyBinding } from "../files/copy-binding.ts";
import { watchBinding } from "../files/watch-binding.ts";
import { FileProblem, type Node } from "../files/nodes.ts";
import { checkMay } from "../files/tree.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

/** What `access` may ask for. */
const asked = { read: 4, write: 2, run: 1 } as const;

export function createBinding(parts: RealmParts): Exports {
  const files = createFileSystem(parts);
  const requests = createRequests(parts);
  return {
    kFsStatsFieldsNumber: 18,
    kUsePromises: requests.promise,
    statValues: new Float64Array(36),
    bigintStatValues: new BigInt64Array(36),
    statFsValues: new Float64Array(8),
    bigintStatFsValues: new BigInt64Array(8),
    FSReqCallback: class FSReqCallback {
      oncomplete: unknown = undefined;
    },
    getFormatOfExtensionlessFile: () => 0,
    legacyMainResolve: () => {
      throw refusal("module", "an extension's modules are bundled");
    },
    ...statBinding(files, requests),
    ...treeBinding(files, requests),
    ...openFileBinding(files, requests, parts),
    ...copyBinding(files, requests),
    ...watchBinding(files, parts),
  };
}

function statBinding(
  { tree, open, kinds, pathOf, encoded }: FileSystem,
  { expose, exposeNumbered, exposeModed }: Requests,
): Exports {
  const pathTold = (path: unknown) => ({ path: pathOf(path) });
  /** Parameters: what, whether as bigints, a request, whether one that is missing is an error. */
  const stat = (syscall: string, find: (what: never) => Node) =>
    (syscall === "fstat" ? exposeNumbered : expose)(
      syscall,
      2,
      (what: never, bigint: unknown, _request: unknown, flag?: unknown) => {
        const mayBeMissing = flag === false && syscall !== "fstat";
        try {
          return statsOf(find(what), kinds, bigint);
        } catch (thrown) {
          const isMissing =
            thrown instanceof FileProblem &&
            (thrown.errorName === "ENOENT" || thrown.errorName === "ENOTDIR");
          if (mayBeMissing && isMissing) return undefined;
          throw thrown;
        }
      },
      syscall === "fstat" ? undefined : pathTold,
    );
  const nodeAt = (path: unknown) => tree.node(pathOf(path));
  return {
    stat: stat("stat", nodeAt),
    lstat: stat("lstat", (path) => tree.node(pathOf(path), false)),
    fstat: stat("fstat", (number) => open.get(number).node),
    statfs: expose(
      "statfs",
      2,
      (path: unknown, bigint: unknown) => {
        nodeAt(path);
        return roomOf(tree.room, bigint);
      },
      pathTold,
    ),
    access: exposeModed(
      1,
      "access",
      2,
      (path: unknown, mode: number) => {
        const node = nodeAt(path);
        for (const [what, bit] of Object.entries(asked))
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
          if ((mode & bit) !== 0) checkMay(node, what as keyof typeof asked);
      },
      pathTold,
    ),
    existsSync: (path: unknown) => {
      try {
        nodeAt(path);
        return true;
      } catch {
        return false;
      }
    },
    internalModuleStat: (first: unknown, second?: unknown) => {
      const path = typeof first === "string" ? first : second;
      try {
        return nodeAt(path).kind === "directory" ? 1 : 0;
      } catch {
        return -2;
      }
    },
    realpath: expose(
      "realpath",
      2,
      (path: unknown, encoding: unknown) => {
        const place = tree.place(pathOf(path));
        if (!place.node) throw new FileProblem("ENOENT");
        return encoded(place.path, encoding);
      },
      pathTold,
    ),
  };
}
