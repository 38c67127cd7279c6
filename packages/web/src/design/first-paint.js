// Runs before the first paint: applies the theme and language chosen earlier, so that nothing flashes.
// Refuses anything but the known words; without storage the system's preferences hold.
(() => {
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem('parterre.theme');
    language = localStorage.getItem('parterre.language');
  } catch {
    // Storage is forbidden here: the system's preferences hold.
  }
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
  if (language !== 'en' && language !== 'fr') {
    language = /^fr\b/i.test(navigator.language) ? 'fr' : 'en';
  }
  root.lang = language;
  root.dataset.script = 'on';
})();
