/** A guest over a real executor, supervisor and broker, with servers of this machine to speak to. */
import { startTestBroker, type TestBrokerOptions } from "./broker.ts";
import { callWith, startTestSupervisor, versionOf } from "./supervisor.ts";

/** Runs a guest's function body with the port of a server, and gives what came of it. */
export async function startSocketWorld(options: TestBrokerOptions = {}) {
  const { broker, resolved } = await startTestBroker({
    names: { "origin.test": [["127.0.0.1"]] },
    ...options,
  });
  const { supervisor } = await startTestSupervisor({}, { gate: broker });
  let runs = 0;
  const run = async (body: string, input: object) => {
    const { outcome } = await supervisor.run(
      versionOf(
        `module.exports = async (ctx) => { const { port } = ctx.data; ${body} };`,
        `sockets@${++runs}`,
      ),
      // Not about clocks: a machine with more to do loads the library slowly.
      callWith(input, { wallMs: 20_000, syncMs: 5000, cpuMs: 5000 }),
    );
    return outcome;
  };
  const value = async (body: string, input: object): Promise<unknown> => {
    const outcome = await run(body, input);
    if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
    return JSON.parse(outcome.payload.toString());
  };
  const codesOf = async (body: string, input: object) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what such a test's guest returns
    (await value(body, input)) as Record<string, string>;
  return { run, value, codesOf, resolved };
}
