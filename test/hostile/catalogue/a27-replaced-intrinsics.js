// A27 Everything a bridge might use is replaced before its first use.
// answer: {"ok":true}
// within-ms: 800
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const bad = () => {
    throw new Error("the bridge used me");
  };
  JSON.stringify = JSON.parse = bad;
  for (const name of Object.getOwnPropertyNames(Reflect)) Reflect[name] = bad;
  Promise.prototype.then = bad;
  Array.prototype[Symbol.iterator] = bad;
  Array.prototype.push = Array.prototype.join = Array.prototype.map = bad;
  String.prototype.slice = String.prototype.replace = bad;
  Object.keys = Object.defineProperty = bad;
  Function.prototype.call = Function.prototype.apply = bad;
  setTimeout(() => cb(null, { ok: true }), 5);
};
