// expect: {"others":[],"deep":"RangeError"}
// Bytes that lie about what they hold make a value or an error, and nothing that is as large as they say.
const v8 = require("v8");

module.exports = async () => {
  const value = {
    a: [1, , "€"],
    m: new Map([[1, new Set(["x"])]]),
    b: Buffer.from("bytes"),
    e: new Error("m"),
    n: 10n ** 30n,
  };
  const right = v8.serialize(value);
  const others = [];
  let state = 7;
  const chance = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const read = (bytes) => {
    try {
      v8.deserialize(bytes);
    } catch (error) {
      if (!(error instanceof Error)) others.push(String(error));
    }
  };
  for (let run = 0; run < 1500; run++) {
    const wrong = Buffer.from(right);
    for (let flips = 1 + chance(4); flips > 0; flips--)
      wrong[2 + chance(wrong.length - 2)] = chance(256);
    read(wrong.subarray(0, 2 + chance(wrong.length)));
  }
  // Lengths of four gigabytes: of an array, a text, a buffer, a number.
  for (const tag of ["A", "a", '"', "c", "B", "Z"])
    read(
      Buffer.from([
        0xff,
        0x0f,
        tag.charCodeAt(0),
        0xff,
        0xff,
        0xff,
        0xff,
        0x0f,
      ]),
    );
  let deep = "none";
  try {
    v8.deserialize(
      Buffer.concat([
        Buffer.from([0xff, 0x0f]),
        Buffer.alloc(200_000, "A\x01"),
      ]),
    );
  } catch (error) {
    deep = error.name;
  }
  return { others, deep };
};
