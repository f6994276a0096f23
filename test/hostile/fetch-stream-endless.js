// expect: {"name":"TypeError"}
// A body is read up to its bound, and given up then.
module.exports = async function (ctx) {
  let cancelled = false;
  const body = new ReadableStream({
    pull: (c) => c.enqueue(new Uint8Array(256 * 1024)),
    cancel: () => {
      cancelled = true;
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  const name = await fetch("http://host.example/", init).catch((e) => e.name);
  return { name: cancelled ? name : "never cancelled" };
};
