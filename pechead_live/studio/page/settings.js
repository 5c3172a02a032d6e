// What the page remembers between visits: small words, never a picture.

const PREFIX = "pechead-live:";

/** A remembered word, or `fallback`; a browser that keeps nothing is no error. */
export function remembered(key, fallback = null) {
  try {
    return localStorage.getItem(PREFIX + key) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Keeps a word for the next visit; null forgets it. */
export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // A browser in private mode may refuse: the page works without.
  }
}
