import type { Step } from '../core/step.js';

/** Gives a named image a size in bytes, or the smallest it can have. Somlo: `hdiutil resize -size 8g …`. */
export function resize(name: string, size: number | 'minimum'): Step {
  return {
    verb: 'resize',
    title: size === 'minimum' ? `Shrink ${name} to its minimum` : `Make room in ${name}`,
    says:
      size === 'minimum'
        ? `Shrink ${name} to what it holds, so that the ISO is no larger than it has to be.`
        : `Let ${name} grow to ${size / 2 ** 30} GiB, room for what is copied onto it.`,
    args: [name, size === 'minimum' ? size : `${size / 2 ** 30} GiB`],
    run: (job) => job.tool.resize(job.names.image(name), size, job),
  };
}
