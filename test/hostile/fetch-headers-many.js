// expect: rejected
module.exports = async function (ctx) {
  const headers = new Headers();
  for (let i = 0; i < 5000; i++) headers.append(`a${i}`, "");
  await fetch("http://host.example/", { headers });
};
