// expect: sync_time memory
module.exports = async function (ctx) {
  const headers = {
    *[Symbol.iterator]() {
      for (let i = 0; ; i++) yield ["x-" + i, "y"];
    },
  };
  await fetch("http://host.example/", { headers });
};
