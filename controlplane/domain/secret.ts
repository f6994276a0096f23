/** Secrets: values that an extension's code is given and nobody reads back. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "./name.ts";

const maxSecretNameCharacters = 128;
const maxSecretValueBytes = 16 * 1024;
const maxSecretsPerExtension = 100;

/** What may be told of a secret. */
export interface Secret {
  container: string;
  extension: string;
  name: string;
  updatedAtMs: number;
}

/** Throws `invalid` unless it may be an extension's secret. The message never holds the value. */
export function checkSecret(name: string, value: string): void {
  if (name.length < 1 || name.length > maxSecretNameCharacters)
    throw new AnnexError(
      "invalid",
      `${quote(name)} cannot name a secret: a name is 1 to ${maxSecretNameCharacters} characters`,
    );
  const bytes = Buffer.byteLength(value);
  if (bytes > maxSecretValueBytes)
    throw new AnnexError(
      "invalid",
      `the value of secret ${quote(name)} is ${bytes} bytes: at most ${maxSecretValueBytes} are allowed`,
    );
}

/** Throws `exhausted` where an extension would hold too many. */
export function checkSecretCount(count: number): void {
  if (count <= maxSecretsPerExtension) return;
  throw new AnnexError(
    "exhausted",
    `the extension would have ${count} secrets: at most ${maxSecretsPerExtension} are allowed; delete one first`,
  );
}
