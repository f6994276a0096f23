// expect: answered threw rejected wall_time
// The classes of fetch run in its realm: it confuses only itself.
const hijack = () => {
  throw new Error("hijacked");
};
Promise.prototype.then = hijack;
Promise.prototype.catch = hijack;
Promise.resolve = hijack;
globalThis.Promise = hijack;
module.exports = async function (ctx) {
  const response = await fetch("http://host.example/");
  return { status: response.status, method: (await response.json()).method };
};
