// expect: memory rejected threw sync_time
module.exports = async function (ctx) {
  const sent = [];
  for (let i = 0; i < 16; i++)
    sent.push(
      fetch("http://host.example/hang", {
        method: "POST",
        body: new Uint8Array(6 * 1024 * 1024),
      }),
    );
  await Promise.all(sent);
};
