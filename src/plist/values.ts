/** A property list as plain values. Binary lists can hold a UID, which appears as `{ UID: number }`. */
export type PlistValue =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue };

/** A property list's dictionary. */
export type PlistDict = { readonly [key: string]: PlistValue };
