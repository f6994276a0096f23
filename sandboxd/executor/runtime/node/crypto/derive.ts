/** The jobs that make keys of passwords and secrets. */
import { arrayBuffer, jobClass } from "./jobs.ts";
import { secretOf } from "./keys.ts";
import type { Members, Tools } from "./tools.ts";

export function deriveMembers(tools: Tools): Members {
  const { host, copy } = tools;
  const secret = (key: unknown) => secretOf(tools, key);
  return {
    PBKDF2Job: jobClass(
      tools,
      (_mode, password, salt, iterations, length, digest) =>
        arrayBuffer(
          host(
            "crypto.pbkdf2",
            secret(password),
            copy(salt),
            Number(iterations),
            Number(length),
            String(digest),
          ),
        ),
    ),
    ScryptJob: jobClass(
      tools,
      (_mode, password, salt, N, r, p, maxmem, length) =>
        arrayBuffer(
          host(
            "crypto.scrypt",
            secret(password),
            copy(salt),
            Number(length),
            Number(N),
            Number(r),
            Number(p),
            Number(maxmem),
          ),
        ),
    ),
    HKDFJob: jobClass(tools, (_mode, digest, key, salt, info, length) =>
      arrayBuffer(
        host(
          "crypto.hkdf",
          String(digest),
          secret(key),
          copy(salt),
          copy(info),
          Number(length),
        ),
      ),
    ),
    Argon2Job: jobClass(
      tools,
      (
        _mode,
        message,
        nonce,
        lanes,
        length,
        memory,
        passes,
        key,
        extra,
        type,
      ) =>
        arrayBuffer(
          host(
            "crypto.argon2",
            Number(type),
            secret(message),
            copy(nonce),
            Number(lanes),
            Number(length),
            Number(memory),
            Number(passes),
            copy(key),
            copy(extra),
          ),
        ),
    ),
  };
}
