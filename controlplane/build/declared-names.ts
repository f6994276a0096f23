/** A program's nodes, and the names that they declare. */
import type { AnyNode } from "acorn";

/** The names that a function or variables declare at the level they stand on. */
export function declaredBy(node: AnyNode): string[] {
  if (node.type === "FunctionDeclaration") return namesIn(node.id);
  if (node.type === "VariableDeclaration")
    return node.declarations.flatMap(({ id }) => namesIn(id));
  return [];
}

/** Calls `look` with every node but the names of properties. */
export function eachNode(root: AnyNode, look: (node: AnyNode) => void): void {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one !== "object" || one === null || one instanceof RegExp)
      continue;
    if (!("type" in one)) {
      for (const child of Object.values(one)) waiting.push(child);
      continue;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- acorn's objects with a type are its nodes
    const node = one as AnyNode;
    look(node);
    const isNamed = "computed" in node && !node.computed;
    for (const [key, child] of Object.entries(node))
      if (!isNamed || (key !== "key" && key !== "property"))
        waiting.push(child);
  }
}

/** Every identifier below a node, whatever it names: one too many does no harm. */
export function collectNames(node: object, names: Set<string>): void {
  const waiting: unknown[] = [node];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one !== "object" || one === null || one instanceof RegExp)
      continue;
    if ("type" in one && one.type === "Identifier" && "name" in one)
      names.add(String(one.name));
    else for (const child of Object.values(one)) waiting.push(child);
  }
}

/** The names that a pattern declares; those in its defaults are meant, not declared. */
function namesIn(pattern: AnyNode | null | undefined): string[] {
  if (!pattern) return [];
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap(namesIn);
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "RestElement") return namesIn(pattern.argument);
  if (pattern.type !== "ObjectPattern") return [];
  return pattern.properties.flatMap((property) =>
    namesIn(property.type === "Property" ? property.value : property),
  );
}
