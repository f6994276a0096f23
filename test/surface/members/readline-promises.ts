import readline from "node:readline/promises";
import { PassThrough } from "node:stream";
import { rejected, thrown, instance, type Surface } from "../check.ts";

const input = (text: string) => {
  const stream = new PassThrough();
  stream.write(text);
  return stream;
};

export const surface: Surface = {
  module: "readline/promises",
  checks: {
    createInterface: async () => {
      const made = readline.createInterface({ input: input("yes\n") });
      const answer = await made.question("really? ");
      const refused = await rejected(
        made.question("x", { signal: AbortSignal.abort() }),
      );
      made.close();
      return [answer, refused];
    },
    Interface: async () => {
      const made = instance(readline, "Interface", {
        input: input("a\n"),
        terminal: false,
      });
      const answer = await made.question("");
      made.close();
      return answer;
    },
    Readline: async () => {
      const output = new PassThrough();
      const made = new readline.Readline(output);
      made.cursorTo(1, 2).moveCursor(-1, 0).clearLine(0).clearScreenDown();
      await made.commit();
      made.cursorTo(5).rollback();
      await made.commit();
      return [
        String(output.read()),
        thrown(() => instance(readline, "Readline", {})),
      ];
    },
  },
};
