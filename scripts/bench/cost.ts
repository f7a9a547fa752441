/** What one process cost. Times in seconds, sizes in bytes. */
export interface Cost {
  readonly wall: number;
  /** User and system time of all its threads; not what the kernel does later for all processes (writeback). */
  readonly cpu: number;
}

/** What was read, of the installer, of the ISO that is proved, and of the program. NaN where the system does not say. */
export interface ReadCost {
  /** Counted at the system calls, so the page cache hides none. */
  readonly read: number;
  /** What of it came from a disk, with what the system read ahead. */
  readonly fromDisk: number;
}

/** What one build cost. */
export interface BuildCost extends Cost, ReadCost {
  readonly peakRss: number;
  /** Counted at the system calls. */
  readonly written: number;
  readonly steps: readonly StepCost[];
}

/** One step of the recipe. */
export interface StepCost extends Cost, ReadCost {
  readonly verb: string;
  readonly title: string;
  readonly args: readonly string[];
}

/** Finding the kernel in its package and copying it. */
export function lookup({ steps }: BuildCost): Cost {
  const own = steps.filter(({ verb, args }) => verb === 'open-package' || args[0]?.startsWith('kernel:'));
  return { wall: sum(own.map(({ wall }) => wall)), cpu: sum(own.map(({ cpu }) => cpu)) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
