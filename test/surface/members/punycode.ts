import punycode from "node:punycode";
import { thrown, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "punycode",
  checks: {
    version: () => punycode.version,
    ucs2: () => [
      punycode.ucs2.decode("a💩é"),
      punycode.ucs2.encode([97, 0x1f4a9]),
    ],
    decode: () => [
      punycode.decode("maana-pta"),
      punycode.decode("--dqo34k"),
      thrown(() => punycode.decode("\u0080")),
    ],
    encode: () => [punycode.encode("mañana"), punycode.encode("☃-⌘")],
    toASCII: () => [
      punycode.toASCII("mañana.com"),
      punycode.toASCII("джумла@example.рф"),
    ],
    toUnicode: () => punycode.toUnicode("xn--maana-pta.com"),
  },
};
