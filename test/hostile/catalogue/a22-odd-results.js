// A22 Results that run code when they are read, or have no JSON.
// answer: sync_time invalid_result answered threw rejected
// within-ms: 600
// supervisor-grows-mb: 100
// variants: 6

const loop = () => {
  for (;;);
};
const results = [
  () => Object.defineProperty({}, "x", { enumerable: true, get: loop }),
  () => new Proxy({}, { ownKeys: loop }),
  () => ({ then: loop }),
  () => () => 1,
  () => 10n,
  () => {
    const cyclic = {};
    cyclic.self = cyclic;
    return cyclic;
  },
];
module.exports = async (ctx) => results[ctx.data.variant]();
