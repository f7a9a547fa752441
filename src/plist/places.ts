/** Where a value is in a text: characters from its start. */
export interface PlistPlace {
  /** Of `<key>`, in a dict. */
  readonly keyAt?: number;
  /** Of the element's `<`, and of the first character behind its end. */
  readonly at: number;
  readonly end: number;
}

/** Where the values of a property list are, by the container they are in; filled while it is read. */
export class PlistPlaces {
  readonly #inside = new Map<object, Map<string | number, PlistPlace>>();
  /** Keys that were in their dict already, with the place of the value they had there. */
  readonly duplicates: { readonly container: object; readonly key: string; readonly before: PlistPlace }[] = [];
  /** Of the outermost value. */
  root: PlistPlace = { at: 0, end: 0 };
  /** Levels of dicts and arrays inside each other. */
  depth = 0;

  /** Where a value is in its dict or array; undefined where it has none. */
  of(container: object, step: string | number): PlistPlace | undefined {
    return this.#inside.get(container)?.get(step);
  }

  /** Every value of a dict or array, in the order of the text. */
  all(container: object): ReadonlyMap<string | number, PlistPlace> {
    return this.#inside.get(container) ?? new Map();
  }

  put(container: object, step: string | number, place: PlistPlace): void {
    const known = this.#inside.get(container) ?? new Map<string | number, PlistPlace>();
    const before = known.get(step);
    if (before && typeof step === 'string') this.duplicates.push({ container, key: step, before });
    // In the order of the text, as the last one counts.
    known.delete(step);
    known.set(step, place);
    this.#inside.set(container, known);
  }
}
