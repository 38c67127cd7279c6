/** Elements without a framework, for what a visitor meets first: made in one call, drawn again only where they differ. */

type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | null>>;
export type Child = Node | string | null;

const SVG = 'http://www.w3.org/2000/svg';

/** A piece of a page that is made once and shows one state after the other. */
export interface View<S> {
  readonly element: HTMLElement;
  show(state: S): void;
  /** It is not shown any more. */
  close?(): void;
}

/** @param attributes functions become listeners; null and false are left out */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), attributes, children);
}

/** A drawing of 24 by 24, in the text's colour, hidden from those who hear the page. */
export function svg(attributes: Attributes, ...children: readonly Child[]): SVGElement {
  return dress(
    document.createElementNS(SVG, 'svg'),
    { viewBox: '0 0 24 24', 'aria-hidden': 'true', ...attributes },
    children,
  );
}

export function path(d: string, attributes: Attributes = {}): SVGElement {
  return dress(document.createElementNS(SVG, 'path'), { d, ...attributes }, []);
}

function dress<E extends Element>(
  element: E,
  attributes: Attributes,
  children: readonly Child[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Replaces the children that look different, and leaves those be that are handed in again. A focus inside
 * one that goes passes to what takes its place.
 */
export function redraw(parent: Element, ...children: readonly Child[]): void {
  const next = children
    .filter((child) => child !== null)
    .map((child) => (typeof child === 'string' ? document.createTextNode(child) : child));
  const old: Node[] = [...parent.childNodes];
  const focused = old.findIndex((node) => node.contains(document.activeElement));
  const shown = next.map((node, at) => {
    const before = old[at];
    const same = before !== undefined && !next.includes(before) && before.isEqualNode(node);
    return same && !old.includes(node) ? before : node;
  });
  let place = parent.firstChild;
  for (const node of shown) {
    if (node === place) place = node.nextSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old) if (!shown.includes(node)) parent.removeChild(node);
  const heir = shown[focused];
  if (heir instanceof HTMLElement && !heir.contains(document.activeElement))
    (heir.matches('button, a') ? heir : heir.querySelector<HTMLElement>('button, a'))?.focus();
}
