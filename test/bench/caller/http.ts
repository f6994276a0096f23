/** The way to a peer that serves the function over HTTP. */
import { Pool } from "undici";
import { checkAnswer, createBody } from "../workload.ts";
import { warm } from "./target.ts";
import type { Target } from "./target.ts";

/** As many connections as calls in flight: neither peer does better with fewer. */
const maxConnections = 16;

/** Opens a pool of kept connections to the socket. */
export function openHttp(socketPath: string): Target {
  const pool = new Pool("http://localhost", {
    socketPath,
    connections: maxConnections,
    pipelining: 1,
  });
  const body = createBody();
  return {
    async call() {
      const answer = await pool.request({
        path: "/",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      checkAnswer(await answer.body.json(), body);
      return warm;
    },
    close: () => pool.close(),
  };
}
