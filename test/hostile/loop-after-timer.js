// expect: sync_time
module.exports = async function (ctx) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (;;);
};
