/** The page's elements, by id, and small things done to them. */

export function $<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export const all = <T extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): T[] => [...within.querySelectorAll<T>(selector)];

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  setIcon(svg, name);
  return svg;
}

/** Change the icon of an element that has one, or of an icon itself. */
export function setIcon(element: Element, name: string): void {
  const use = element.querySelector("use")!;
  if (use.getAttribute("href") !== `#i-${name}`) use.setAttribute("href", `#i-${name}`);
}

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function button(className: string, label: string, press: () => void): HTMLButtonElement {
  return make("button", { type: "button", className, onclick: press }, label);
}

/** Options of a select, with `chosen` set where it is one of them. */
export function fill(select: HTMLSelectElement, options: readonly { value: string; label: string }[], chosen: string): void {
  select.replaceChildren(...options.map(({ value, label }) => make("option", { value, textContent: label })));
  select.value = options.some(({ value }) => value === chosen) ? chosen : (options[0]?.value ?? "");
}

/**
 * Radio buttons made of buttons with role="radio": one of them takes the focus, arrows move and choose.
 *
 * @returns sets the chosen one from outside.
 */
export function radios(group: HTMLElement, choose: (button: HTMLElement) => void): (chosen: HTMLElement | null) => void {
  const buttons = (): HTMLElement[] => all("[role=radio]", group);
  const mark = (chosen: HTMLElement | null): void => {
    const every = buttons();
    for (const one of every) {
      one.setAttribute("aria-checked", String(one === chosen));
      one.tabIndex = one === chosen || (!chosen && one === every[0]) ? 0 : -1;
    }
  };
  group.addEventListener("click", (event) => {
    const pressed = (event.target as Element).closest<HTMLElement>("[role=radio]");
    if (pressed) choose(pressed);
  });
  group.addEventListener("keydown", (event) => {
    const every = buttons();
    const at = every.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const to = next(event.key, at, every.length);
    if (to === null) return;
    event.preventDefault();
    every[to]!.focus();
    choose(every[to]!);
  });
  mark(null);
  return mark;
}

/** Where arrows, Home and End lead in a row of `count`; null for other keys. */
export function next(key: string, at: number, count: number): number | null {
  switch (key) {
    case "ArrowRight":
    case "ArrowDown":
      return (at + 1) % count;
    case "ArrowLeft":
    case "ArrowUp":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
