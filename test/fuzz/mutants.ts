/** Messages that are nearly right: valid ones with something in them replaced, taken out or put in. */
import fc from "fast-check";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One of the messages, changed at up to three places. */
export function mutantsOf(messages: readonly object[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- messages of a wire, and so JSON
      fc.constantFrom(...(messages as Json[])),
      fc.array(change, { maxLength: 3 }),
    )
    .map(([message, changes]) => {
      let mutant = structuredClone(message);
      for (const each of changes) mutant = changed(mutant, each);
      return mutant;
    });
}

interface Change {
  /** Which of the places there are. */
  place: number;
  kind: "replace" | "remove" | "add";
  value: Json;
}

/** What a count, a text, a list or an object may be mistaken for; JSON can say no more. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    -1,
    0,
    0.5,
    99,
    600,
    2 ** 32,
    2 ** 53,
    1e308,
    "",
    "1",
    "\r\nx: 1",
    "\u0000",
    "\ud800",
    "__proto__",
    "toString",
    "x".repeat(20_000),
    [],
    [[]],
    {},
    { length: 1 },
    { type: "ready" },
  ),
  fc.string({ unit: "binary" }),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON can say is what `Json` is
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom("replace", "replace", "remove", "add"),
  value: odd,
});

function changed(message: Json, { place, kind, value: shared }: Change): Json {
  const value = structuredClone(shared); // it may be changed in its turn
  const holders = holdersIn(message);
  const holder = holders[place % Math.max(1, holders.length)];
  if (!holder) return value;
  if (Array.isArray(holder)) {
    const at = place % (holder.length + 1);
    if (kind === "remove") holder.splice(at, 1);
    else holder.splice(at, kind === "replace" ? 1 : 0, value);
    return message;
  }
  const keys = Object.keys(holder);
  const key = keys[place % Math.max(1, keys.length)] ?? "id";
  if (kind === "remove") delete holder[key];
  else holder[kind === "add" ? addedKey : key] = value;
  return message;
}

const addedKey = "extra";

/** The message's lists and objects. */
function holdersIn(message: Json): (Json[] | { [key: string]: Json })[] {
  if (typeof message !== "object" || message === null) return [];
  const inner = Object.values(message).flatMap((value) => holdersIn(value));
  return [message, ...inner];
}
