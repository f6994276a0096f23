// expect: {"refused":["QuotaExceededError","QuotaExceededError"],"held":1}
module.exports = async () => {
  const refused = [];
  const attempt = (work) => {
    try {
      work();
    } catch (error) {
      refused.push(error.name);
    }
  };
  attempt(() => {
    for (let at = 0; ; at++) sessionStorage[at] = "x".repeat(1_000_000);
  });
  sessionStorage.clear();
  sessionStorage.setItem("kept", "y");
  attempt(() => sessionStorage.setItem("x".repeat(6_000_000), ""));
  return { refused, held: sessionStorage.length };
};
