// expect: answered sync_time
// Values that fight back when they are looked at.
module.exports = function (ctx, cb) {
  const values = [
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("keys");
        },
      },
    ),
    Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => {
        throw 1;
      },
    }),
    Object.create(null, {
      constructor: {
        get: () => {
          throw 2;
        },
      },
    }),
    "x".repeat(1 << 20),
    Array.from({ length: 1e5 }, (_, i) => ({ i })),
    Object.assign(new Error("e"), {
      stack: "    at a (webtask.js:1:1)\n".repeat(1e4),
    }),
    {
      [Symbol.toStringTag]: {
        toString: () => {
          throw 3;
        },
      },
    },
  ];
  for (const value of values)
    for (const method of ["log", "error", "dir", "table", "group"])
      try {
        console[method](value);
      } catch {}
  cb(null, { well: true });
};
