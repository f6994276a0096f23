// expect: rejected
module.exports = async function (ctx) {
  const headers = { "x-a": "1\r\nhost: other.example" };
  await fetch("http://host.example/", { headers });
};
