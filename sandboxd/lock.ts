/** One sandboxd per state folder, and one per socket. */
import { lstat, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { AnnexError } from "../proto/errors.ts";

export interface Lock {
  release(): void;
}

/** Holds the folder until released or the process ends: the kernel's own lock, so that a crash leaves none behind. */
export function lockFolder(folder: string): Lock {
  const file = new Database(join(folder, "sandboxd.lock"), { timeout: 0 });
  try {
    file.pragma("locking_mode = EXCLUSIVE");
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    throw new AnnexError(
      "precondition",
      `another sandboxd is using ${folder}: stop it, or give this one another --home`,
      { cause: error },
    );
  }
  return { release: () => file.close() };
}

/** Longest path the kernel takes for a unix socket, without its final zero byte. */
const maxSocketPathBytes = 107;

/** Makes the socket's path free: removes what a crashed sandboxd left; throws where another one answers there. */
export async function claimSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxSocketPathBytes)
    throw new AnnexError(
      "invalid",
      `the socket path ${path} is longer than ${maxSocketPathBytes} bytes: choose a shorter --socket`,
    );
  if (await isOtherThanSocket(path))
    throw new AnnexError(
      "precondition",
      `${path} exists and is not a socket: remove it, or choose another --socket`,
    );
  if (await answers(path))
    throw new AnnexError(
      "precondition",
      `another sandboxd answers on ${path}: stop it, or give this one another --socket`,
    );
  await rm(path, { force: true });
}

async function isOtherThanSocket(path: string): Promise<boolean> {
  try {
    return !(await lstat(path)).isSocket();
  } catch {
    return false;
  }
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = connect(path);
    const settle = (isAnswered: boolean) => {
      probe.destroy();
      resolve(isAnswered);
    };
    probe.once("connect", () => settle(true));
    // Only these mean that nobody listens; one that is too busy to answer (EAGAIN) is there all the same.
    probe.once("error", (error: NodeJS.ErrnoException) =>
      settle(!["ECONNREFUSED", "ENOENT"].includes(error.code ?? "")),
    );
  });
}
