/**
 * Certificates and keys that a guest gives for TLS, looked at before OpenSSL reads them: a curve that is spelled out, and
 * not named, may cost it a fifth of a second to take in, on the thread that serves all containers.
 */

/** What stands in a PEM text between two of its lines. */
export interface PemBlock {
  label: string;
  /** As OpenSSL is given it: nothing but this block, so that it reads no more than was looked at. */
  text: string;
  bytes: Buffer;
}

/** The blocks with such a label; undefined where one of them is not spelled as it should be. */
export function pemBlocks(
  text: string,
  labels: readonly string[],
): PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  const [, ...parts] = text.split(begin);
  for (const part of parts) {
    const label = labels.find((known) => part.startsWith(`${known}-----`));
    if (label === undefined) continue;
    const bodyStart = label.length + 5;
    const bodyEnd = part.indexOf(`-----END ${label}-----`, bodyStart);
    const body = part.slice(bodyStart, bodyEnd).replaceAll(/\s/g, "");
    if (bodyEnd < 0 || !base64Pattern.test(body)) return undefined;
    const lines = body.match(/.{1,64}/g) ?? [];
    blocks.push({
      label,
      text: `${begin}${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`,
      bytes: Buffer.from(body, "base64"),
    });
  }
  return blocks;
}

/** Whether an elliptic curve is spelled out in it, rather than named. */
export function hasOwnCurve({ bytes }: PemBlock): boolean {
  return fieldIdentifiers.some((identifier) => bytes.includes(identifier));
}

const begin = "-----BEGIN ";
const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/;
/** Of the fields that such a curve is over: prime-field and characteristic-two-field of ANSI X9.62. */
const fieldIdentifiers = ["2a8648ce3d0101", "2a8648ce3d0102"].map((hex) =>
  Buffer.from(hex, "hex"),
);
