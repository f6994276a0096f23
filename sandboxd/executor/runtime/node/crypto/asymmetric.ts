/** What is encrypted, agreed on and encapsulated with a pair's keys. */
import { arrayBuffer, jobClass, webMode } from "./jobs.ts";
import type { KeyMembers } from "./keys.ts";
import { maybeNumber, maybeText, type Members, type Tools } from "./tools.ts";

const oaepPadding = 4;
const encryptMode = 0;

export function asymmetricMembers(tools: Tools, keys: KeyMembers): Members {
  const { host, copy, buffer } = tools;

  const rsa =
    (name: string) =>
    (...parameters: unknown[]) => {
      const [key, bytes, padding, oaepHash, oaepLabel, mgf1Hash] =
        keys.split(parameters);
      return buffer(
        host("crypto.rsa", name, key, copy(bytes), {
          padding: maybeNumber(padding),
          oaepHash: maybeText(oaepHash),
          mgf1Hash: maybeText(mgf1Hash),
          oaepLabel: oaepLabel === undefined ? undefined : copy(oaepLabel),
        }),
      );
    };

  return {
    publicEncrypt: rsa("publicEncrypt"),
    publicDecrypt: rsa("publicDecrypt"),
    privateEncrypt: rsa("privateEncrypt"),
    privateDecrypt: rsa("privateDecrypt"),
    RSACipherJob: jobClass(
      tools,
      (_mode, cipherMode, key, data, _variant, hash, label) =>
        arrayBuffer(
          host(
            "crypto.rsa",
            cipherMode === encryptMode ? "publicEncrypt" : "privateDecrypt",
            keys.reference(key),
            copy(data),
            {
              padding: oaepPadding,
              oaepHash: maybeText(hash),
              oaepLabel: label === undefined ? undefined : copy(label),
            },
          ),
        ),
    ),
    DHBitsJob: jobClass(tools, (_mode, ...parameters) => {
      const [ours, ...rest] = keys.split(parameters);
      const [theirs] = keys.split(rest);
      return arrayBuffer(host("crypto.agree", ours, theirs));
    }),
    KEMEncapsulateJob: jobClass(tools, (mode, ...parameters) => {
      const [key] = keys.split(parameters);
      const made = host("crypto.encapsulate", key);
      const [sharedKey, ciphertext] = Array.isArray(made) ? made : [];
      return mode === webMode
        ? {
            sharedKey: arrayBuffer(sharedKey),
            ciphertext: arrayBuffer(ciphertext),
          }
        : [buffer(sharedKey), buffer(ciphertext)];
    }),
    KEMDecapsulateJob: jobClass(tools, (mode, ...parameters) => {
      const [key, ciphertext] = keys.split(parameters);
      const made = host("crypto.decapsulate", key, copy(ciphertext));
      return mode === webMode ? arrayBuffer(made) : buffer(made);
    }),
  };
}
