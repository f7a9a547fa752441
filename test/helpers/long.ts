/**
 * Whether this is the long run, as `.ci/run` makes it (OSX_ISO_LONG=1): matrices, every point of a sweep, property tests ten
 * times over. The short one takes a part of each, so that every kind of fault is still looked for.
 */
export const LONG = ['1', 'whole'].includes(process.env.OSX_ISO_LONG ?? '');

/** Before a release (OSX_ISO_LONG=whole): every cell of the matrices of which the long run takes a covering part. */
export const WHOLE = process.env.OSX_ISO_LONG === 'whole';

/** How often a property is tried: all times in the long run, else a tenth, and in both cases with other values each time. */
export const times = (all: number, few = Math.ceil(all / 10)): number => (LONG ? all : few);

/** Of points that are alike: all in the long run, else `few`, spread evenly, the first and the last among them. */
export function points<T>(all: readonly T[], few: number): T[] {
  if (LONG || all.length <= few) return [...all];
  return Array.from({ length: few }, (_, i) => all[Math.round((i * (all.length - 1)) / Math.max(1, few - 1))]!);
}
