// expect: {"refused":9984}
module.exports = async function (ctx) {
  let refused = 0;
  for (let i = 0; i < 1e4; i++)
    fetch("http://host.example/hang").catch(() => refused++);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { refused };
};
