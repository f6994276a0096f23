// expect: sync_time
module.exports = async function (ctx) {
  throw {
    get message() {
      for (;;);
    },
  };
};
