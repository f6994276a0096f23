// expect: {"refused":4,"kept":true}
// A host outside ASCII costs the square of its length to encode: one that is long is no host.
module.exports = function (cb) {
  let text = "";
  for (let i = 0; i < 20_000; i++)
    text += String.fromCharCode(0x4e00 + ((i * 7919) % 20_000));
  text = text.repeat(25);
  const url = new URL("http://short.example/");
  const attempts = [
    () => new URL(`http://${text}/`),
    () => new URL(`//${text}/`, "http://base.example"),
    () => new URLPattern({ hostname: text }),
    () => new URL("x".repeat(9 * 1024 * 1024), "http://base.example"),
  ];
  let refused = 0;
  for (const attempt of attempts)
    try {
      attempt();
    } catch {
      refused++;
    }
  url.hostname = text;
  require("url").domainToASCII(text);
  cb(null, { refused, kept: url.hostname === "short.example" });
};
