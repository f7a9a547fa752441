import { caseFold } from '../case-fold.js';

/** The same string for all names that are one name on a volume with case-insensitive names, for use as a map's key. */
export function foldedName(name: string): string {
  let folded = '';
  for (let i = 0; i < name.length; i++) {
    const unit = caseFold[name.charCodeAt(i)]!;
    if (unit !== 0) folded += String.fromCharCode(unit);
  }
  return folded;
}
