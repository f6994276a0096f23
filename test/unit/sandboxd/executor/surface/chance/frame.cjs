// Programs by chance over the web platform's classes: the same seeds give the same programs wherever they run.
"use strict";
/* oxlint-disable -- written as programs are, odd ones included */

/** What the files that come after this one add to: programs by name. */
const areas = {};

module.exports = async () => {
  const cases = [];
  // AbortSignal.timeout keeps no Node alive.
  const alive = setInterval(() => {}, 1000);
  for (const [name, run] of Object.entries(areas))
    for (let seed = 1; seed <= 40; seed++) {
      // What the last one left is over.
      await new Promise(setImmediate);
      const outcome = await attempt(() =>
        run(chance(seed * 7919 + name.length)),
      );
      cases.push([`${name} ${seed}`, shown(outcome, 0)]);
    }
  clearInterval(alive);
  return cases;
};

/** A stream of numbers that depends on nothing but its seed. */
function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  const pick = (list) => list[below(list.length)];
  const many = (most, make) =>
    Array.from({ length: below(most + 1) }, () => make());
  return { below, pick, many };
}

/** What waits for nothing but itself has ended by then, or never will. */
async function turns() {
  for (let left = 50; left > 0; left--) await new Promise(setImmediate);
  return "pending";
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    return told(error);
  }
}

function tried(work) {
  try {
    return work();
  } catch (error) {
    return told(error);
  }
}

function told(error) {
  return error instanceof Object
    ? {
        thrown: [
          error.name,
          error.code,
          error.message,
          error.constructor?.name,
        ],
      }
    : { thrown: String(error) };
}

/** As JSON can carry it, with what sets objects apart. */
function shown(value, depth) {
  if (depth > 6) return "deep";
  if (value === undefined) return "undefined";
  if (typeof value === "bigint" || typeof value === "symbol")
    return `${typeof value} ${String(value)}`;
  if (typeof value === "number")
    return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string")
    return value.replace(/formdata-undici-0\d+/g, "boundary");
  if (typeof value !== "object" || value === null)
    return typeof value === "function" ? `function ${value.name}` : value;
  const more = (item) => shown(item, depth + 1);
  const tag = Object.prototype.toString.call(value);
  if (ArrayBuffer.isView(value))
    return [
      tag,
      value.byteOffset,
      value.byteLength,
      value.length,
      Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(
        "hex",
      ),
    ];
  if (value instanceof ArrayBuffer)
    return [tag, Buffer.from(value).toString("hex")];
  if (value instanceof Map) return [tag, [...value].map(more)];
  if (value instanceof Set) return [tag, [...value].map(more)];
  if (value instanceof Date || value instanceof RegExp)
    return [tag, String(value)];
  if (value instanceof Error)
    return [
      tag,
      value.name,
      value.message,
      Object.keys(value),
      more(value.cause),
    ];
  if (Array.isArray(value))
    return Object.keys(value).map((key) =>
      /^\d+$/.test(key) ? more(value[key]) : [key, more(value[key])],
    );
  return Object.keys(value).length === 0 && tag !== "[object Object]"
    ? tag
    : [tag, Object.keys(value).map((key) => [key, more(value[key])])];
}
