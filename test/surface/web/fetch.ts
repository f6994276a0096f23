/** Checks of fetch and of what it takes and gives. */
import {
  instance,
  member,
  rejected,
  thrown,
  type Check,
  type Origins,
} from "../check.ts";

const at = ({ host, httpPort }: Origins, path: string) =>
  `http://${host}:${httpPort}${path}`;

export function fetchChecks(): Record<string, Check> {
  return {
    ...headerChecks(),
    ...formChecks(),
    ...requestChecks(),
    ...responseChecks(),
    fetch: async (origins) => {
      const response = await fetch(at(origins, "/a?b=c"), {
        method: "POST",
        headers: { "x-sent": "yes" },
        body: "sent",
      });
      const redirected = await fetch(at(origins, "/redirect"));
      return [
        response.status,
        response.ok,
        response.headers.getSetCookie(),
        await response.json(),
        (await fetch(at(origins, "/status/404"))).status,
        [redirected.redirected, redirected.url === at(origins, "/redirected")],
        await rejected(
          fetch(at(origins, "/silent"), { signal: AbortSignal.abort("why") }),
        ),
        await rejected(fetch("nonsense")),
      ];
    },
  };
}

function headerChecks(): Record<string, Check> {
  const made = () =>
    new Headers([
      ["X-B", "1"],
      ["X-A", "2"],
      ["x-b", "3"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
  return {
    Headers: () => [
      [...new Headers({ B: " padded ", A: "1" })],
      thrown(() => new Headers({ "bad name": "x" })),
      thrown(() => new Headers({ x: "bad\nvalue" })),
      thrown(() => Reflect.construct(Headers, [1])),
    ],
    "Headers#append": () => {
      const headers = made();
      headers.append("x-a", "more");
      return headers.get("X-A");
    },
    "Headers#delete": () => {
      const headers = made();
      headers.delete("X-b");
      return [...headers];
    },
    "Headers#get": () => [made().get("x-B"), made().get("none")],
    "Headers#has": () => [made().has("X-A"), made().has("none")],
    "Headers#set": () => {
      const headers = made();
      headers.set("x-b", "only");
      return [...headers];
    },
    "Headers#getSetCookie": () => made().getSetCookie(),
    "Headers#keys": () => [...made().keys()],
    "Headers#values": () => [...made().values()],
    "Headers#entries": () => [...made().entries()],
    "Headers#forEach": () => {
      const seen: unknown[] = [];
      made().forEach((value, name) => seen.push([name, value]));
      return seen;
    },
  };
}

function formChecks(): Record<string, Check> {
  const made = () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("a", "2");
    form.append("file", new Blob(["content"]), "f.txt");
    return form;
  };
  const keysOf = (form: FormData) => [...form.keys()];
  return {
    FormData: async () => [
      keysOf(made()),
      thrown(() => Reflect.construct(FormData, [{}])),
      (await new Response(made()).text())
        .replaceAll(/-{4,}[\w-]+/g, "boundary")
        .includes('name="file"; filename="f.txt"'),
    ],
    "FormData#append": () => {
      const form = made();
      form.append("n", String(5));
      return form.get("n");
    },
    "FormData#delete": () => {
      const form = made();
      form.delete("a");
      return keysOf(form);
    },
    "FormData#get": async () => {
      const file: unknown = made().get("file");
      return [
        made().get("a"),
        made().get("none"),
        file instanceof File && [file.name, file.type, await file.text()],
      ];
    },
    "FormData#getAll": () => made().getAll("a"),
    "FormData#has": () => [made().has("a"), made().has("none")],
    "FormData#set": () => {
      const form = made();
      form.set("a", "9");
      return form.getAll("a");
    },
    "FormData#keys": () => keysOf(made()),
    "FormData#values": () => [...made().values()].slice(0, 2),
    "FormData#entries": () => [...made().entries()].slice(0, 2),
    "FormData#forEach": () => {
      const seen: unknown[] = [];
      made().forEach((_value, name) => seen.push(name));
      return seen;
    },
  };
}

/** The ways to read a body, which requests and responses share. */
function bodyChecks(
  name: string,
  make: (body: string) => Request | Response,
): Record<string, Check> {
  const text = '{"a":"é"}';
  return {
    [`${name}#body`]: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of make(text).body ?? []) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    [`${name}#bodyUsed`]: async () => {
      const made = make(text);
      const before = made.bodyUsed;
      await made.text();
      return [before, made.bodyUsed, await rejected(made.text())];
    },
    [`${name}#clone`]: async () => {
      const made = make(text);
      const copy = made.clone();
      return [await made.text(), await copy.text(), thrown(() => made.clone())];
    },
    [`${name}#blob`]: async () => {
      const blob = await make(text).blob();
      return [blob.size, blob.type, await blob.text()];
    },
    [`${name}#arrayBuffer`]: () => make(text).arrayBuffer(),
    [`${name}#bytes`]: () => make(text).bytes(),
    [`${name}#text`]: () => make(text).text(),
    [`${name}#json`]: async () => [
      await make(text).json(),
      (await rejected(make("{").json())) !== undefined,
    ],
    [`${name}#textStream`]: async () => {
      let seen = "";
      for await (const chunk of member(make(text), "textStream")())
        seen += chunk;
      return seen;
    },
  };
}

function requestChecks(): Record<string, Check> {
  const made = (init: RequestInit = {}) =>
    new Request("http://a.test/b?c#d", init);
  const posting = (body: string | URLSearchParams, headers = {}) =>
    made({ method: "POST", body, headers });
  const read = [
    "destination",
    "referrer",
    "referrerPolicy",
    "mode",
    "credentials",
    "cache",
    "redirect",
    "integrity",
    "keepalive",
    "isReloadNavigation",
    "isHistoryNavigation",
    "duplex",
    "attribute",
  ];
  const init = {
    redirect: "manual",
    keepalive: true,
    integrity: "sha256-x",
    cache: "no-store",
    credentials: "omit",
    mode: "same-origin",
  } as const;
  const checks = read.map((name): [string, Check] => [
    `Request#${name}`,
    () => [
      Reflect.get(made(), name),
      Reflect.get(instance(globalThis, "Request", "http://a.test", init), name),
    ],
  ]);
  return {
    ...Object.fromEntries(checks),
    ...bodyChecks("Request", posting),
    Request: async () => [
      new Request(posting("body", { x: "y" })).headers.get("x"),
      await new Request(posting("body"), { method: "PUT" }).text(),
      thrown(() => new Request("nonsense")),
      thrown(() => made({ body: "x" })),
      thrown(() => made({ method: "CONNECT" })),
      thrown(() => new Request("http://user:pass@a.test")),
    ],
    "Request#method": () => [made().method, made({ method: "put" }).method],
    "Request#url": () => made().url,
    "Request#headers": () => [...posting("x", { "X-A": "1" }).headers],
    "Request#signal": () => {
      const controller = new AbortController();
      const { signal } = made({ signal: controller.signal });
      controller.abort("why");
      return [signal.aborted, signal.reason];
    },
    "Request#formData": async () => {
      const form = await posting(new URLSearchParams({ a: "b c" })).formData();
      return [...form];
    },
  };
}

function responseChecks(): Record<string, Check> {
  const made = (init: ResponseInit = {}) => new Response("body", init);
  return {
    ...bodyChecks("Response", (body) => new Response(body)),
    Response: async () => [
      new Response(null, { status: 204 }).status,
      await new Response(new Blob(["blob"])).text(),
      [...new Response(new URLSearchParams({ a: "b" })).headers],
      thrown(() => made({ status: 99 })),
      thrown(() => new Response("x", { status: 204 })),
      thrown(() => made({ statusText: "bad\n" })),
    ],
    "Response#type": () => [made().type, Response.error().type],
    "Response#url": () => made().url,
    "Response#redirected": () => made().redirected,
    "Response#status": () => [made().status, made({ status: 418 }).status],
    "Response#ok": () => [made().ok, made({ status: 300 }).ok],
    "Response#statusText": () => made({ statusText: "Fine" }).statusText,
    "Response#headers": () => [...made({ headers: { "X-A": "1" } }).headers],
    "Response#formData": async () => {
      const form = new FormData();
      form.append("a", "1");
      form.append("f", new Blob(["content"]), "f.txt");
      const back = await new Response(form).formData();
      const file: unknown = back.get("f");
      return [
        back.get("a"),
        file instanceof File && [file.name, await file.text()],
        await rejected(made().formData()),
      ];
    },
    "Response.error": () => {
      const response = Response.error();
      return [response.status, response.type];
    },
    "Response.json": async () => {
      const response = Response.json({ a: 1 }, { status: 201 });
      return [
        await response.text(),
        response.status,
        [...response.headers],
        thrown(() => Response.json(1n)),
      ];
    },
    "Response.redirect": () => [
      Response.redirect("http://a.test/x", 301).headers.get("location"),
      Response.redirect("http://a.test/x").status,
      thrown(() => member(Response, "redirect")("http://a.test", 200)),
    ],
  };
}
