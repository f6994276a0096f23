/** Scripts of `vm` as eval takes them: where they say they are from, and what stands for V8's cached code. */

export interface ScriptPlace {
  filename: string;
  line: number;
  column: number;
}

/** A stack says a line more or less, but never costs memory for it. */
const maxOffset = 100_000;
const nameable = /^[^\s"'()]+$/;

/** The code with its first line and column where the place says, under its name in stacks. */
export function placed(
  code: string,
  { filename, line, column }: ScriptPlace,
): string {
  const before = "\n".repeat(bounded(line)) + " ".repeat(bounded(column));
  const name = nameable.test(filename) ? `\n//# sourceURL=${filename}` : "";
  return before + code + name;
}

function bounded(offset: number): number {
  return Math.min(Math.max(0, offset), maxOffset);
}

/** V8's code is out of reach: these bytes say for which source they were made, and save nobody any time. */
export function cachedDataOf(
  code: string,
  given: unknown,
): { isRejected: boolean; bytes: () => Uint8Array } {
  const text = `annex ${code.length} ${hashOf(code)}`;
  const bytes = () => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const isSame =
    ArrayBuffer.isView(given) &&
    given.byteLength === text.length &&
    bytes().every(
      (byte, at) =>
        new DataView(given.buffer, given.byteOffset).getUint8(at) === byte,
    );
  return { isRejected: !isSame, bytes };
}

/** Of FNV's kind. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
