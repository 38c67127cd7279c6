/**
 * What is around every page: the bar with the mark, language and theme, one main region, the foot; and
 * `mount`, which puts a page into the document. Owns the language of the page.
 */
import { type ComponentChildren, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import {
  keep,
  keepLanguage,
  type Language,
  LanguageContext,
  pageLanguage,
  useWords,
} from '../i18n/language.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { Icon, Mark } from './icons.tsx';

/** Told on `window` when colours change, to whoever paints on a canvas. */
export const THEME_EVENT = 'parterre-theme';

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'dark' || chosen === 'light') return chosen === 'dark';
  return !matchMedia('(prefers-color-scheme: light)').matches;
}

function ThemeSwitch() {
  const words = useWords(SHELL_WORDS);
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: light)');
    const follow = () => {
      setDark(isDark());
      window.dispatchEvent(new Event(THEME_EVENT));
    };
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const turn = () => {
    const theme = dark ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    keep('parterre.theme', theme);
    setDark(!dark);
    window.dispatchEvent(new Event(THEME_EVENT));
  };
  const label = dark ? words.toLight : words.toDark;
  return (
    <button
      type="button"
      class="button button-plain"
      aria-label={label}
      title={label}
      onClick={turn}
    >
      <Icon name={dark ? 'sun' : 'moon'} />
    </button>
  );
}

function Bar({ language, turnLanguage }: { language: Language; turnLanguage: () => void }) {
  const words = useWords(SHELL_WORDS);
  return (
    <header class="bar">
      <a class="brand" href="/" aria-label={words.home}>
        <Mark />
        Parterre
      </a>
      <div class="bar-tools">
        <button
          type="button"
          class="button button-plain"
          lang={language === 'en' ? 'fr' : 'en'}
          onClick={turnLanguage}
        >
          {words.otherLanguage}
        </button>
        <ThemeSwitch />
      </div>
    </header>
  );
}

function Shell({ children }: { children: ComponentChildren }) {
  const [language, setLanguage] = useState(pageLanguage);
  const turnLanguage = () => {
    const other = language === 'en' ? 'fr' : 'en';
    keepLanguage(other);
    setLanguage(other);
  };
  const words = SHELL_WORDS[language];
  return (
    <LanguageContext.Provider value={language}>
      <div class="shell">
        <a class="skip" href="#content">
          {words.skip}
        </a>
        <Bar language={language} turnLanguage={turnLanguage} />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <footer class="foot">{words.foot}</footer>
      </div>
    </LanguageContext.Provider>
  );
}

/** Puts `page` into the document in place of the loading words. */
export function mount(page: ComponentChildren): void {
  const root = document.getElementById('page');
  if (root === null) throw new Error('The document has no #page.');
  root.replaceChildren();
  render(<Shell>{page}</Shell>, root);
}
