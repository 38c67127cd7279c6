/**
 * What is around every page: the bar with the mark, language and theme, one main region, the foot. Owns the
 * language of the page. Made without a framework, since it is there before anything else has been fetched.
 */
import { keep, keepLanguage, type Language, pageLanguage } from '../i18n/language.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { h, redraw } from './dom.ts';
import { isDark, THEME_EVENT, watchColours } from './look.ts';
import { icon, mark } from './shapes.ts';

export class Shell {
  readonly main = h('main', { id: 'content', tabindex: '-1' });
  language: Language = pageLanguage();
  /** Told when the reader turns the language. */
  turned: (language: Language) => void = () => {};
  readonly #bar = h('header', { class: 'bar' });
  readonly #skip = h('a', { class: 'skip', href: '#content' });
  readonly #foot = h('footer', { class: 'foot' });

  /** Takes the place of the loading words. */
  constructor() {
    this.#draw();
    watchColours(() => this.#recoloured());
    const shell = h('div', { class: 'shell' }, this.#skip, this.#bar, this.main, this.#foot);
    document.getElementById('page')?.replaceChildren(shell);
  }

  #draw(): void {
    const words = SHELL_WORDS[this.language];
    this.#skip.textContent = words.skip;
    this.#foot.textContent = words.foot;
    const dark = isDark();
    const label = dark ? words.toLight : words.toDark;
    const other = this.language === 'en' ? 'fr' : 'en';
    const language = h(
      'button',
      { type: 'button', class: 'button button-plain', lang: other, onclick: this.#turn },
      words.otherLanguage,
    );
    const theme = h(
      'button',
      {
        type: 'button',
        class: 'button button-plain',
        'aria-label': label,
        title: label,
        onclick: this.#dim,
      },
      icon(dark ? 'sun' : 'moon'),
    );
    redraw(
      this.#bar,
      h('a', { class: 'brand', href: '/', 'aria-label': words.home }, mark(), 'Parterre'),
      h('div', { class: 'bar-tools' }, language, theme),
    );
  }

  readonly #turn = (): void => {
    this.language = this.language === 'en' ? 'fr' : 'en';
    keepLanguage(this.language);
    this.#draw();
    this.#bar.querySelector('button')?.focus();
    this.turned(this.language);
  };

  readonly #dim = (): void => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    keep('parterre.theme', theme);
    this.#recoloured();
    this.#bar.querySelector<HTMLElement>('button:last-child')?.focus();
  };

  #recoloured(): void {
    this.#draw();
    window.dispatchEvent(new Event(THEME_EVENT));
  }
}
