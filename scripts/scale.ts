import { InvalidArgumentError } from 'commander';

/** An option's text: how large a synthetic installer is, of the real one's size. */
export function scale(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('a number above 0 and at most 1.');
  return value;
}
