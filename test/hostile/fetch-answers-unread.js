// expect: {"last":"EGRESS_LIMIT"}
module.exports = async function (ctx) {
  let last;
  for (let i = 0; i < 17; i++)
    await fetch("http://host.example/endless").catch((error) => {
      last = error.code;
    });
  return { last };
};
