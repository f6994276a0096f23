// expect: answered rejected
// The classes of fetch run in its realm, and believe what its objects say: it confuses only itself.
module.exports = async function (ctx) {
  const bytes = new Uint8Array([97, 98, 99]);
  for (const name of ["length", "byteLength", "byteOffset", "buffer"])
    Object.defineProperty(bytes, name, { get: () => 1e9 });
  bytes[Symbol.iterator] = bytes.subarray = () => "other";
  const response = await fetch("http://host.example/", {
    method: "POST",
    body: bytes,
  });
  return { body: (await response.json()).body };
};
