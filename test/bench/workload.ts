/** What every peer and we are asked to do: the same function over the same kilobyte. */

const bodyBytes = 1024;

/** The answer of a container that sends a lot: just below the 6 MiB a result may have. */
export const bigAnswerBytes = 6 * 1024 * 1024 - 1024;

/** JSON of exactly 1 KiB, and 1 KiB again on the way back but for the field that is added. */
export interface Body {
  user: string;
  count: number;
  note: string;
}

/** The body of a call. */
export function createBody(): Body {
  const body = { user: "auth0|5f7c8ec7c33c6c004bbafe82", count: 41, note: "" };
  const missing = bodyBytes - JSON.stringify(body).length;
  return { ...body, note: "x".repeat(missing) };
}

/** Throws unless the answer is what the function makes of the body. */
export function checkAnswer(answer: unknown, body: Body): void {
  const isRight =
    typeof answer === "object" &&
    answer !== null &&
    "seen" in answer &&
    answer.seen === body.count + 1 &&
    "note" in answer &&
    answer.note === body.note;
  if (!isRight)
    throw new Error(`a wrong answer: ${JSON.stringify(answer).slice(0, 200)}`);
}

const expression = "{ ...body, seen: body.count + 1 }";

/** The function as an extension. */
export const extensionSource = `
module.exports = function (ctx, cb) {
  const body = ctx.body;
  cb(null, ${expression});
};
`;

/** An extension that sends a lot: a string, so that little of the time is spent in making it. */
export const bigExtensionSource = `
const answer = "x".repeat(${bigAnswerBytes} - 2); // its quotes come on top
module.exports = function (cb) {
  cb(null, answer);
};
`;

/** The function as a Worker. */
export const workerSource = `
export default {
  async fetch(request) {
    const body = await request.json();
    return Response.json(${expression});
  },
};
`;

/** The function as a Deno program that listens on the socket of its first argument. */
export const denoSource = `
Deno.serve({ path: Deno.args[0], onListen() {} }, async (request) => {
  const body = await request.json();
  return Response.json(${expression});
});
`;
