// expect: {"even":"refused","none":"refused","some":true}
// Primes that do not exist are looked for no longer than others.
const { generatePrimeSync } = require("crypto");
const attempt = (work) => {
  try {
    return work();
  } catch {
    return "refused";
  }
};
module.exports = (cb) =>
  cb(null, {
    even: attempt(() => generatePrimeSync(64, { add: 4n, rem: 2n })),
    none: attempt(() =>
      generatePrimeSync(64, { add: 0xffffffffffffffffn, rem: 9n }),
    ),
    some:
      generatePrimeSync(64, { add: 12n, rem: 5n, bigint: true }) % 12n === 5n,
  });
