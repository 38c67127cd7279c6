/** Puts a page of Preact into the shell, in the language that the shell has. */
import { type ComponentChildren, render } from 'preact';
import { LanguageContext } from '../i18n/context.ts';
import { Shell } from './shell.ts';

/** In place of what stands in the shell. */
export function mount(page: ComponentChildren, shell: Shell = new Shell()): void {
  const draw = (): void =>
    render(
      <LanguageContext.Provider value={shell.language}>{page}</LanguageContext.Provider>,
      shell.main,
    );
  shell.main.replaceChildren();
  shell.turned = draw;
  draw();
}
