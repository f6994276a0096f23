// expect: memory wall_time rejected
module.exports = async function (ctx) {
  const response = await fetch("http://host.example/endless");
  return (await response.text()).length;
};
