import type { Container } from "../domain/container.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { ChangeOptions, EtagOption } from "./changes.ts";

/** Keeps containers. */
export interface ContainerStore {
  /** Refused with already_exists where the name is taken. */
  create(request: { name: string } & ChangeOptions): Promise<Container>;
  get(name: string): Promise<Container>;
  list(request: PageRequest): Promise<Page<Container>>;
  /** Deletes it with its extensions, versions, secrets and bindings. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
}
