/**
 * Functions and classes under the names their author gave them. esbuild gives a name that another hides, or that two files
 * have, another one; told to keep names, it has every function and class given its author's by a call of `__name`. Nearly all
 * have it already. Their calls are taken out here, so that they cost nothing when the bundle starts.
 */
import {
  parse,
  type AnyNode,
  type CallExpression,
  type Class,
  type ClassDeclaration,
  type ClassExpression,
  type Node,
  type Program,
} from "acorn";
import { eachNode } from "./declared-names.ts";
import {
  linesOf,
  replaced,
  scriptOf,
  type Replacement,
} from "./mapped-lines.ts";
import type { MappedScript } from "./script.ts";

/** Whether any name is given by a call. */
export function hasNameCalls({ code }: MappedScript): boolean {
  return code.includes("__name(");
}

/** The script with those calls alone that give another name than there is. */
export function withoutIdleNameCalls(script: MappedScript): MappedScript {
  const program = parsed(script.code);
  if (!program) return script;
  const idle: Replacement[] = [];
  eachNode(program, (node) => {
    idle.push(...idleStatements(node));
    idle.push(...idleValue(node, script.code));
    idle.push(...idleCall(node, script.code));
    if (isClass(node)) idle.push(...idleBlock(node, node.id?.name));
  });
  const { lines, sources } = linesOf(script);
  return scriptOf({ sources, lines: replaced(lines, idle) });
}

/** A call that gives a name. */
type NameCall = CallExpression & { arguments: [AnyNode, AnyNode] };

function parsed(code: string): Program | undefined {
  try {
    return parse(code, {
      ecmaVersion: "latest",
      allowAwaitOutsideFunction: true,
      allowImportExportEverywhere: true,
      allowReturnOutsideFunction: true,
    });
  } catch {
    return undefined; // what V8 knows and acorn does not: the calls do no harm
  }
}

function isClass(node: AnyNode): node is ClassDeclaration | ClassExpression {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

/** The name that a call of esbuild's gives to its first parameter; undefined for what is no such call. */
function givenBy(node: AnyNode | null | undefined): string | undefined {
  return isNameCall(node) && node.arguments[1].type === "Literal"
    ? String(node.arguments[1].value)
    : undefined;
}

function isNameCall(node: AnyNode | null | undefined): node is NameCall {
  return (
    node?.type === "CallExpression" &&
    node.callee.type === "Identifier" &&
    node.callee.name === "__name" &&
    node.arguments.length === 2
  );
}

/** `function run() {} __name(run, "run");` */
function idleStatements(node: AnyNode): Replacement[] {
  const body =
    node.type === "Program" || node.type === "BlockStatement" ? node.body : [];
  const declared = new Set(
    body.map((one) => one.type === "FunctionDeclaration" && one.id?.name),
  );
  return body.flatMap((one) => {
    if (one.type !== "ExpressionStatement" || !isNameCall(one.expression))
      return [];
    const [named] = one.expression.arguments;
    const isIdle =
      named.type === "Identifier" &&
      declared.has(named.name) &&
      named.name === givenBy(one.expression);
    return isIdle ? [without(one)] : [];
  });
}

/** `var run = __name(() => {}, "run")`, for what has no name gets that of what it is assigned to; and classes so. */
function idleValue(node: AnyNode, code: string): Replacement[] {
  const { name, value } = namingIn(node);
  if (name === undefined || !value) return [];
  if (value.type === "ClassExpression" && !value.id)
    return idleBlock(value, name);
  if (!isNameCall(value) || givenBy(value) !== name) return [];
  const [named] = value.arguments;
  const isNameless =
    named.type === "ArrowFunctionExpression" ||
    (named.type === "FunctionExpression" && !named.id);
  return isNameless ? unwrapped(value, code) : [];
}

/** Where a node gives its name to a value that has none: ECMAScript calls it NamedEvaluation. */
function namingIn(node: AnyNode): {
  name?: string;
  value?: AnyNode | null | undefined;
} {
  if (node.type === "VariableDeclarator")
    return { ...nameOf(node.id), value: node.init };
  if (node.type === "AssignmentExpression" || node.type === "AssignmentPattern")
    return { ...nameOf(node.left), value: node.right };
  if (node.type !== "Property" && node.type !== "PropertyDefinition") return {};
  return node.computed ? {} : { ...nameOf(node.key), value: node.value };
}

function nameOf(node: AnyNode): { name?: string } {
  if (node.type === "PrivateIdentifier") return { name: `#${node.name}` };
  if (node.type === "Literal" && typeof node.value === "string")
    return node.value === "__proto__" ? {} : { name: node.value };
  // An object's is its prototype.
  const isName = node.type === "Identifier" && node.name !== "__proto__";
  return isName ? { name: node.name } : {};
}

/** `__name(function run() {}, "run")` */
function idleCall(node: AnyNode, code: string): Replacement[] {
  if (!isNameCall(node)) return [];
  const [named] = node.arguments;
  const isIdle =
    named.type === "FunctionExpression" &&
    named.id?.name === givenBy(node) &&
    // Elsewhere it might become a statement.
    /[=(,:[?]\s*$|\breturn $/.test(textBefore(node, code));
  return isIdle ? unwrapped(node, code) : [];
}

/** `class Query { static { __name(this, "Query"); } }` */
function idleBlock({ body }: Class, name: string | undefined): Replacement[] {
  const [first] = body.body;
  if (name === undefined || first?.type !== "StaticBlock") return [];
  const [only, ...more] = first.body;
  const isIdle =
    more.length === 0 &&
    only?.type === "ExpressionStatement" &&
    givenBy(only.expression) === name;
  return isIdle ? [without(first)] : [];
}

function without({ start, end }: Node): Replacement {
  return { start, end, text: "" };
}

const pure = "/* @__PURE__ */ ";

function textBefore({ start }: Node, code: string): string {
  const before = code.slice(Math.max(0, start - pure.length * 2), start);
  return before.endsWith(pure) ? before.slice(0, -pure.length) : before;
}

function unwrapped(call: NameCall, code: string): Replacement[] {
  const [named] = call.arguments;
  const isPure = code.startsWith(pure, call.start - pure.length);
  const start = isPure ? call.start - pure.length : call.start;
  return [
    { start, end: named.start, text: "" },
    { start: named.end, end: call.end, text: "" },
  ];
}
