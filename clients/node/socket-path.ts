import { isAbsolute, resolve } from "node:path";
import { AnnexError } from "../../proto/errors.ts";

const defaultSocket = "/run/annex/sandboxd.sock";
const scheme = "unix://";

/** The absolute path behind what ANNEX_SOCKET may hold: a path, or unix:///abs/path. */
export function socketPathOf(socket: string = defaultSocket): string {
  if (!socket.startsWith(scheme)) return resolve(socket);
  const path = socket.slice(scheme.length);
  if (isAbsolute(path)) return path;
  throw new AnnexError(
    "invalid",
    `${socket} names no absolute path: write unix:///run/annex/sandboxd.sock`,
  );
}
