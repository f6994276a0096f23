// expect: {"refused":1984}
module.exports = async function (ctx) {
  let refused = 0;
  for (let i = 0; i < 2000; i++)
    fetch("http://host.example/hang").catch(() => refused++);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { refused };
};
