import * as tty from "node:tty";
import { member, thrown, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "tty",
  checks: {
    isatty: () => [
      tty.isatty(0),
      tty.isatty(1_000_000),
      member(tty, "isatty")("x"),
      tty.isatty(-1),
    ],
    ReadStream: () => [
      thrown(() => new tty.ReadStream(-1)),
      Object.getOwnPropertyNames(tty.ReadStream.prototype).includes(
        "setRawMode",
      ),
    ],
    WriteStream: () => [
      thrown(() => new tty.WriteStream(-1)),
      tty.WriteStream.prototype.getColorDepth({ TERM: "xterm-256color" }),
      tty.WriteStream.prototype.hasColors(2, { TERM: "xterm" }),
      tty.WriteStream.prototype.getColorDepth({ NO_COLOR: "1" }),
    ],
  },
};
