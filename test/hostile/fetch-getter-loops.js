// expect: sync_time
module.exports = async function (ctx) {
  await fetch("http://host.example/", {
    get body() {
      for (;;);
    },
  });
};
