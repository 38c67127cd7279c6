/**
 * The language of the page: chosen once from the browser, changed by the switch, kept in this browser.
 * Every page's words are a `Dictionary`: French has the type of English, so a missing key does not
 * compile. Refuses any other language.
 */
export type Language = 'en' | 'fr';

/** The same words in each language; values are texts or functions that make one. */
export type Dictionary<W> = { readonly [L in Language]: W };

/** What `first-paint.js` decided. */
export function pageLanguage(): Language {
  return document.documentElement.lang === 'fr' ? 'fr' : 'en';
}

export function keepLanguage(language: Language): void {
  document.documentElement.lang = language;
  keep('parterre.language', language);
}

/** Keeps a choice in this browser; a browser that forbids storage forgets it at the next visit. */
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Forbidden or full: the choice holds for this visit.
  }
}

/** A choice kept earlier, or null. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
