// The process that is measured: runs the real command line and sends its parent what it cost.
import { readFile } from 'node:fs/promises';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';
import type { RunEvent } from '../../src/core/events.js';
import type { BuildCost, StepCost } from './cost.js';

/** Takes the command line's events and notes the processor's time at each. */
class Steps extends Output {
  readonly costs: StepCost[] = [];
  #before = 0;

  override line(text: string): void {
    const event = JSON.parse(text) as RunEvent;
    if (event.type === 'step:start') this.#before = cpuSeconds();
    if (event.type !== 'step:end') return;
    const { verb, title, args } = event.step;
    this.costs.push({ verb, title, args, wall: event.milliseconds / 1000, cpu: cpuSeconds() - this.#before });
  }
}

const steps = new Steps(process.stdout);
process.exitCode = await main([...process.argv.slice(2), '--json'], { stdout: steps });
const io = await textOf('/proc/self/io');
const status = await textOf('/proc/self/status');
const cost: Omit<BuildCost, 'wall'> = {
  cpu: cpuSeconds(),
  // The system's maximum for a process counts what its parent had before exec.
  peakRss: (field(status, 'VmHWM') || process.resourceUsage().maxRSS) * 1024,
  read: field(io, 'rchar'),
  written: field(io, 'wchar'),
  fromDisk: field(io, 'read_bytes'),
  steps: steps.costs,
};
process.send?.(cost);

/** Of all threads since the process began. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
