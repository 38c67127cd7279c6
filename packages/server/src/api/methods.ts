/** Which methods a path has, so that a wrong one is told from a path that does not exist. */
export class MethodTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: Set<string> }[] = [];

  /** @param url a route of parameters and literals: `/api/spaces/:id` */
  add(url: string, method: string | readonly string[]): void {
    const source = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')))
      .join('/');
    const pattern = new RegExp(`^${source}$`);
    const known = this.#routes.find((route) => route.pattern.source === pattern.source);
    const methods = known?.methods ?? new Set<string>();
    for (const name of [method].flat()) methods.add(name);
    if (known === undefined) this.#routes.push({ pattern, methods });
  }

  /** In alphabetical order; empty when the path does not exist. */
  allowed(url: string): readonly string[] {
    const path = url.split('?', 1)[0] ?? '';
    const route = this.#routes.find(({ pattern }) => pattern.test(path));
    return route === undefined ? [] : [...route.methods].sort();
  }
}
