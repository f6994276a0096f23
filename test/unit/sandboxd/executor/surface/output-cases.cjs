// Where the console's lines go, and what else of the process a program sets.
/* oxlint-disable -- written as programs are, odd ones included */
const os = require("os"),
  util = require("util");
module.exports = async () => {
  const out = [];
  const t = (name, f) => {
    try {
      out.push([name, f()]);
    } catch (e) {
      out.push([name, e.name, e.code, e.message]);
    }
  };
  const written = [];
  process.stdout.write = (text) => written.push(["out", text]) > 0;
  process.stderr.write = (text) => written.push(["err", text]) > 0;
  console.log("text");
  console.log("b", { c: 1 });
  console.info("i");
  console.count();
  console.error("error");
  console.warn("warning");
  console.group("group");
  console.log("inside");
  console.groupEnd();
  console.table([1]);
  console.assert(false, "not so");
  console.clear();
  process.stdout.isTTY = true;
  const { TERM } = process.env;
  process.env.TERM = "xterm";
  console.clear();
  process.env.TERM = TERM ?? "";
  process.stdout.write = () => {
    throw new Error("full");
  };
  t("a stream that throws", () => console.log("x"));
  delete process.stdout.isTTY;
  delete process.stdout.write;
  delete process.stderr.write;
  t("written", () => written);

  for (const [name, value] of [
    ["TMPDIR", "/first"],
    ["TMPDIR", ""],
    ["TMP", "/second/"],
    ["TMP", ""],
    ["TEMP", "/"],
    ["TEMP", ""],
  ]) {
    process.env[name] = value;
    t(`${name}=${value}`, () => os.tmpdir());
  }

  for (const text of [
    "A=\nB=''\nC=\"x\"\nD= # c\nE=a # b\nexport F=1\nG\nH='a\nb'",
    "I=`x`\n=5\nJ =  k  \n#x=y\nL=\"a\\nb\"\nM='a\\nb'\nN=\"open # \nO='x",
    "B=2\r\nA=1\r\nexport export A=2",
    "=",
    "",
  ])
    t("env", () => {
      const values = util.parseEnv(text);
      return [Object.entries(values), Object.getPrototypeOf(values)];
    });

  t("global", () => [
    Object.prototype.toString.call(globalThis),
    Object.getOwnPropertyDescriptor(globalThis, Symbol.toStringTag),
  ]);
  return out;
};
