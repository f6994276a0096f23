/** What hashes and message authentication codes share: names asked for once, and answers in the encoding that is wanted. */
import type { HostValue } from "../realm.ts";
import type { Tools } from "./tools.ts";

/** The host's Node answers in these; other encodings are made here. */
const hostEncodings = new Set(["hex", "base64", "base64url", "latin1"]);
/** Names found good are not asked for again. */
const maxKnownNames = 256;

export interface Options {
  readonly [name: string]: HostValue;
}

/** Bytes, or text of the host's, as the caller wants them. */
export function encoded(
  { buffer }: Tools,
  answer: unknown,
  encoding: string | undefined,
): unknown {
  if (typeof answer === "string") return answer;
  const made = buffer(answer);
  if (encoding === undefined) return made;
  return Reflect.apply(Reflect.get(made, "toString"), made, [encoding]);
}

/** What the host is asked for: bytes, where it does not know the encoding. */
export function asked(encoding: string | undefined): string | undefined {
  return encoding !== undefined && hostEncodings.has(encoding)
    ? encoding
    : undefined;
}

/** Whether the host's Node has an algorithm is asked once; it throws if not. */
export function checkOnce({ host }: Tools) {
  const known = new Set<string>();
  return (operation: string, name: string, options: Options | undefined) => {
    if (options !== undefined) {
      host(operation, name, options);
      return;
    }
    const question = `${operation} ${name}`;
    if (known.has(question)) return;
    host(operation, name, options);
    if (known.size < maxKnownNames) known.add(question);
  };
}
