/** Writes a value down so that two realms can be compared: what JSON drops or confuses is told apart. */

const maxDepth = 12;

export function encode(value: unknown, depth = 0): string {
  if (depth > maxDepth) return "…";
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `function ${value.name}`;
    case "object":
      return value === null ? "null" : encodeObject(value, depth);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "symbol":
    case "undefined":
      return String(value);
  }
}

function encodeObject(value: object, depth: number): string {
  const encodeAll = (values: Iterable<unknown>) =>
    Array.from(values, (each) => encode(each, depth + 1)).join(",");
  if (Array.isArray(value)) return `[${encodeAll(value)}]`;
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}<${hexOf(value)}>`;
  if (value instanceof ArrayBuffer)
    return `ArrayBuffer<${hexOf(new Uint8Array(value))}>`;
  if (value instanceof Error)
    return `${value.name}{${encode(value.message)},${encode(Reflect.get(value, "code"))}}`;
  if (value instanceof Date) return `Date<${value.getTime()}>`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map) return `Map{${encodeAll(value)}}`;
  if (value instanceof Set) return `Set{${encodeAll(value)}}`;
  const entries = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}:${encode(each, depth + 1)}`,
  );
  return `{${entries.join(",")}}`;
}

function hexOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
