// expect: sync_time
module.exports = async function (ctx) {
  return {
    then() {
      for (;;);
    },
  };
};
