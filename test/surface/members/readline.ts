import readline from "node:readline";
import { PassThrough } from "node:stream";
import {
  event,
  instance,
  member,
  textOf,
  thrown,
  type Surface,
} from "../check.ts";

const input = (...lines: string[]) => {
  const stream = new PassThrough();
  for (const line of lines) stream.write(line);
  return stream;
};

/** What a move of the cursor writes. */
const moved = (name: string, ...args: unknown[]) => {
  const stream = new PassThrough();
  const isWritten: unknown = member(readline, name)(stream, ...args);
  return [isWritten, String(stream.read() ?? "")];
};

export const surface: Surface = {
  module: "readline",
  checks: {
    createInterface: async () => {
      const lines: string[] = [];
      const stream = input("one\ntwo\r\nthr");
      stream.end("ee");
      for await (const line of readline.createInterface({ input: stream }))
        lines.push(line);
      return lines;
    },
    Interface: async () => {
      const made = instance(readline, "Interface", {
        input: input("a\n"),
        terminal: false,
      });
      const [line] = await event(made, "line");
      made.pause();
      const closed = event(made, "close");
      made.close();
      await closed;
      return [
        line,
        made.terminal,
        made.getPrompt(),
        Reflect.get(made, "closed"),
      ];
    },
    "Interface#question": async () => {
      const output = new PassThrough();
      const made = readline.createInterface({
        input: input("answer\n"),
        output,
      });
      const answer = await new Promise((resolve) => {
        made.question("why? ", resolve);
      });
      made.close();
      output.end();
      return [answer, await textOf(output)];
    },
    clearLine: () => [-1, 0, 1].map((each) => moved("clearLine", each)),
    clearScreenDown: () => moved("clearScreenDown"),
    cursorTo: () => [
      moved("cursorTo", 3),
      moved("cursorTo", 3, 4),
      thrown(() => moved("cursorTo", "x")),
    ],
    moveCursor: () => [moved("moveCursor", -2, 3), moved("moveCursor", 0, 0)],
    emitKeypressEvents: async () => {
      const stream = new PassThrough();
      readline.emitKeypressEvents(stream);
      const pressed = event(stream, "keypress");
      stream.write("\u001B[A");
      return pressed;
    },
    promises: async () => {
      const made = readline.promises.createInterface({ input: input("x\n") });
      const answer = await made.question("");
      made.close();
      return answer;
    },
  },
};
