// expect: {"status":200,"method":"GET"}
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
