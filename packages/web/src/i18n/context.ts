/** The language of the page inside Preact's tree. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Dictionary, Language } from './language.ts';

export const LanguageContext = createContext<Language>('en');

/** The words of `dictionary` in the language of the page. */
export function useWords<W>(dictionary: Dictionary<W>): W {
  return dictionary[useContext(LanguageContext)];
}
