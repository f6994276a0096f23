// expect: sync_time
module.exports = async function (ctx) {
  Object.prototype.then = function () {
    for (;;);
  };
  await fetch("http://host.example/");
};
