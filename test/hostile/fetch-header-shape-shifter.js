// expect: {"sent":["x-a","clean"]}
module.exports = async function (ctx) {
  let reads = 0;
  const value = {
    toString: () => (reads++ === 0 ? "clean" : "1\r\nhost: other.example"),
  };
  const response = await fetch("http://host.example/", {
    headers: new Proxy({ "x-a": value }, {}),
  });
  return { sent: (await response.json()).headers[0] };
};
