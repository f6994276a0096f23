// expect: {"well":true}
const hijack = () => {
  throw new Error("hijacked");
};
Promise.prototype.then = hijack;
Promise.prototype.catch = hijack;
Promise.prototype.finally = hijack;
Promise.resolve = hijack;
Object.defineProperty(Promise, Symbol.species, { get: hijack });
module.exports = async function (ctx) {
  await new Promise((resolve) => queueMicrotask(resolve));
  return { well: true };
};
