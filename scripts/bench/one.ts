// The process that is measured: runs the real command line and sends its parent what it cost.
import { readFileSync } from 'node:fs';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';
import type { RunEvent } from '../../src/core/events.js';
import type { BuildCost, ReadCost, StepCost } from './cost.js';

/** Takes the command line's events and notes the processor's time at each. */
class Steps extends Output {
  readonly costs: StepCost[] = [];
  #before = { cpu: 0, read: 0, fromDisk: 0 };

  override line(text: string): void {
    const event = JSON.parse(text) as RunEvent;
    if (event.type === 'step:start') this.#before = soFar();
    if (event.type !== 'step:end') return;
    const { verb, title, args } = event.step;
    const [now, before] = [soFar(), this.#before];
    const wall = event.milliseconds / 1000;
    const read = now.read - before.read;
    const fromDisk = now.fromDisk - before.fromDisk;
    this.costs.push({ verb, title, args, wall, cpu: now.cpu - before.cpu, read, fromDisk });
  }
}

const steps = new Steps(process.stdout);
process.exitCode = await main([...process.argv.slice(2), '--json'], { stdout: steps });
const status = textOf('/proc/self/status');
const cost: Omit<BuildCost, 'wall'> = {
  ...soFar(),
  // The system's maximum for a process counts what its parent had before exec.
  peakRss: (field(status, 'VmHWM') || process.resourceUsage().maxRSS) * 1024,
  written: field(textOf('/proc/self/io'), 'wchar'),
  steps: steps.costs,
};
process.send?.(cost);

/** Of all threads since the process began. */
function soFar(): ReadCost & { readonly cpu: number } {
  const { user, system } = process.cpuUsage();
  const io = textOf('/proc/self/io');
  return { cpu: (user + system) / 1e6, read: field(io, 'rchar'), fromDisk: field(io, 'read_bytes') };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
