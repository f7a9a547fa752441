import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { DoctorOptions } from '../commands/doctor.js';

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** `osx-iso doctor`: prints every row; ends with a HostError where something is missing. */
export async function doctor({ release, qemu }: DoctorOptions, context: Context): Promise<void> {
  // QEMU is asked what it can do: it has no business with the key.
  osx.takeFromEnvironment();
  const profile = osx.profileOf(release ?? osx.DEFAULT_RELEASE);
  if (!profile) {
    const known = osx.profiles.map((known) => known.release).join(', ');
    throw new osx.UsageError(`--release ${release}: expected one of ${known}.`);
  }
  const findings = osx.diagnose(await osx.probeHost(qemu, context.signal), profile);
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = [`For ${profile.name} (${profile.release}):`];
  for (const { state, name, found, fix } of findings) {
    lines.push(`${MARKS[state]}  ${name.padEnd(width)}  ${found}`);
    if (fix !== undefined)
      for (const line of fix.split('\n')) lines.push(`${' '.repeat(MARKS.ok.length + width + 4)}${line}`);
  }
  context.print(lines.join('\n'), { type: 'doctor', release: profile.release, findings });
  const problems = findings.filter(({ state }) => state === 'problem').map(({ name }) => name);
  if (problems.length > 0) {
    throw new osx.HostError(`This computer is not ready for ${profile.name}: ${problems.join(', ')}.`);
  }
}
