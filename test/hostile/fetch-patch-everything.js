// expect: answered threw rejected callback_error sync_time
// The classes of fetch run in its realm: it confuses only itself.
const { defineProperty, getOwnPropertyDescriptors } = Object;
const { parse } = JSON;
const bytes = new Uint8Array([116, 101, 120, 116]);
const hijack = function () {
  throw new Error("hijacked");
};
for (const target of [
  Headers.prototype,
  Map.prototype,
  WeakMap.prototype,
  Set.prototype,
  String.prototype,
  Array.prototype,
  RegExp.prototype,
])
  for (const [name, { value }] of Object.entries(
    getOwnPropertyDescriptors(target),
  ))
    if (typeof value === "function" && name !== "constructor")
      target[name] = hijack;
for (const name of ["get", "set", "value", "cause", "code", "0"])
  defineProperty(Object.prototype, name, {
    __proto__: null,
    set: hijack,
    get: hijack,
  });
String.prototype[Symbol.iterator] = hijack;
Array.prototype[Symbol.iterator] = hijack;
JSON.stringify = hijack;
JSON.parse = hijack;
Reflect.apply = hijack;
Response.prototype.json = hijack;
module.exports = function (cb) {
  fetch("http://host.example/", {
    method: "POST",
    headers: { __proto__: null, a: "1" },
    body: bytes,
  }).then(
    (response) =>
      response.text().then((text) => {
        const { headers, body } = parse(text);
        cb(null, { status: response.status, headers, body });
      }, cb),
    cb,
  );
};
