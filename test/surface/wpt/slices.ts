/** Which of web-platform-tests' files are run, and what of them is left out, each for a reason that is printed with the count. */

/** The files of each slice. */
export const slices: Record<string, readonly string[]> = {
  url: ["url/*.any.js"],
  urlpattern: ["urlpattern/*.any.js"],
  headers: ["fetch/api/headers/**/*.any.js"],
  request: ["fetch/api/request/**/*.any.js"],
  response: ["fetch/api/response/**/*.any.js"],
  body: ["fetch/api/body/**/*.any.js"],
  "fetch-basic": ["fetch/api/basic/**/*.any.js"],
  "fetch-abort": ["fetch/api/abort/**/*.any.js"],
  "fetch-redirect": ["fetch/api/redirect/**/*.any.js"],
  "fetch-credentials": ["fetch/api/credentials/**/*.any.js"],
  formdata: ["xhr/formdata/*.any.js"],
  streams: ["streams/**/*.any.js"],
  encoding: ["encoding/**/*.any.js"],
  base64: ["html/webappapis/atob/*.any.js"],
  "structured-clone": ["html/webappapis/structured-clone/*.any.js"],
  timers: ["html/webappapis/timers/*.any.js"],
  microtasks: ["html/webappapis/microtask-queuing/*.any.js"],
  webcrypto: ["WebCryptoAPI/**/*.any.js"],
  events: ["dom/events/*.any.js"],
  abort: ["dom/abort/*.any.js"],
  exceptions: ["webidl/ecmascript-binding/**/*.any.js"],
  blob: ["FileAPI/**/*.any.js"],
  compression: ["compression/**/*.any.js"],
  "hr-time": ["hr-time/*.any.js"],
  "user-timing": ["user-timing/*.any.js"],
  "performance-timeline": ["performance-timeline/*.any.js"],
  console: ["console/*.any.js"],
  "message-channels": ["webmessaging/message-channels/*.any.js"],
  websockets: ["websockets/**/*.any.js"],
};

interface LeftOut {
  file: RegExp;
  /** Of one test; without, the whole file. */
  test?: RegExp;
  reason: string;
}

/** The first that fits says why; what fits none is run and counted. */
const leftOut: readonly LeftOut[] = [
  { file: /\.tentative\./, reason: "a proposal, not a standard" },
  { file: /owning-type/, reason: "a proposal, not a standard" },
  {
    file: /idlharness/,
    reason: "walks the whole interface of a browser's worker",
  },
  {
    file: /\/request-cache-|\/conditional-get\.|\/abort\/cache\./,
    reason: "the cache of a browser",
  },
  {
    file: /FileAPI\/(reading-data-section|url\/url-with-xhr|file\/send-file)/,
    reason: "FileReader, XMLHttpRequest and forms are a browser's",
  },
  {
    file: /non-transferable-buffers/,
    reason: "WebAssembly and shared memory, which no guest has",
  },
  {
    file: /^(encoding|compression)\//,
    test: /SharedArrayBuffer|shared Uint8Array/,
    reason: "WebAssembly and shared memory, which no guest has",
  },
  {
    file: /fetch\/api\/headers\/header-values/,
    test: /fetch\(\) with (value %(0[1-8EF]|1[0-9A-F])|all valid)/,
    reason:
      "control characters in a header's value, which neither the broker nor Node sends",
  },
  {
    file: /\.h2\.any/,
    reason: "HTTP/2, which neither the broker nor Node's fetch speaks unasked",
  },
  {
    file: /fetch\/api\/credentials\/cookies\./,
    test: /(Include|Same-origin) mode: \d cookie/,
    reason: "the cookie jar of a browser",
  },
  {
    file: /fetch\/api\/basic\/header-value-combining\./,
    reason: "asks for answers that the checkout does not have",
  },
  {
    file: /fetch\/api\/basic\/(integrity|mode-no-cors)\./,
    test: /opaque response|Fetch https:/,
    reason: "asks the server of the tests over TLS, which it has not here",
  },
  {
    file: /fetch\/api\/credentials\/authentication-redirection\./,
    test: /(same|cross) origin redirection/,
    reason: "asks the server of the tests over TLS, which it has not here",
  },
  {
    file: /fetch\/api\/redirect\/redirect-(mode|location|empty-location)\./,
    test: /manual/,
    reason:
      "a redirect that is not followed is hidden from pages; a server's program reads it, as in Node",
  },
  {
    file: /fetch\/api\/redirect\/redirect-origin\./,
    reason: "the Origin of a page, which a server's program has not",
  },
  {
    file: /fetch\/api\/redirect\/redirect-referrer(-override)?\./,
    test: /(same-origin|origin-when-cross-origin) (init|redirect header)/,
    reason:
      "referrer policies that compare with the origin of a page, which a server's program has not",
  },
  {
    file: /fetch\/api\/basic\/request-forbidden-headers\./,
    test: /is a forbidden request header|is forbidden to use value/,
    reason:
      "header names that a browser keeps from pages; a server's program sets them, as in Node",
  },
  {
    file: /performance-timeline\/case-sensitivity\./,
    test: /getEntriesBy/,
    reason: "the scripts that a page has loaded",
  },
  {
    file: /microtask-queuing\/queue-microtask-exceptions\./,
    reason: "error events of a browser's global object",
  },
  {
    file: /fetch\/api\/request\/request-headers/,
    test: /invalid (request|no-cors request) header|constructor is filtering/,
    reason:
      "header names that a browser keeps from pages; a server's program sets them, as in Node",
  },
  {
    file: /fetch\/api\/headers\/(headers-no-cors|header-setcookie)/,
    test: /"no-cors"|forbidden/,
    reason:
      "header names that a browser keeps from pages; a server's program sets them, as in Node",
  },
];

/** undefined for what is run. Without a test's name: whether the whole file is left out. */
export function reasonToLeaveOut(
  file: string,
  test?: string,
): string | undefined {
  return leftOut.find(
    (one) =>
      one.file.test(file) &&
      (one.test === undefined || (test !== undefined && one.test.test(test))),
  )?.reason;
}
