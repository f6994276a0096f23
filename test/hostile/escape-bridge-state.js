// expect: {"caught":[]}
// Setters and getters under every name that the bridge might keep its state by, on everything it might inherit from.
// Node's library takes its intrinsics when it is first used: here before that, as it is in a ready isolate.
new Response(new FormData());
const caught = new Set();
const names = [
  ..."id call calls answered isInvocation timers openTimers exchanges openExchanges hostCalls logChars".split(
    " ",
  ),
  ..."item items first last small events reader failure error hasHead isComplete state".split(
    " ",
  ),
  ..."httpStatus contentType headersJson encoding kind egress url redirect form text".split(
    " ",
  ),
  // Not what descriptors are made of, for Node's own classes of fetch stumble over it, in Node as here; nor indices,
  // `body`, `method` and `next`, which those classes write to objects that are the guest's own.
  ..."done then reference copy release timeout".split(" "),
  ..."entries values count names kept current open limits outbox post drain resolve reject".split(
    " ",
  ),
];
let isWatching = false;
for (const prototype of [Object.prototype, Array.prototype, Function.prototype])
  for (const name of names) {
    if (Object.hasOwn(prototype, name)) continue;
    Object.defineProperty(prototype, name, {
      __proto__: null,
      configurable: true,
      get() {
        return undefined;
      },
      set(value) {
        if (isWatching) caught.add(name);
        Object.defineProperty(this, name, {
          __proto__: null,
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
    });
  }
module.exports = function (ctx, cb) {
  isWatching = true;
  console.log("a line");
  const timer = setTimeout(() => {}, 5);
  clearTimeout(timer);
  const headers = new Headers([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  headers.getSetCookie();
  queueMicrotask(() => {});
  fetch("http://host.example/", { method: "POST", headers, body: "text" }).then(
    (response) =>
      response.text().then(() => {
        isWatching = false;
        const list = [...caught];
        for (const name of names) delete Object.prototype[name];
        cb(null, { caught: list });
      }, cb),
    cb,
  );
};
