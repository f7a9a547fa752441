import { positions } from '../findings.js';
import type { ConfigFinding, Mend } from './findings.js';
import { Judge, type JudgeOptions, type Note } from './judge.js';
import { judgeKeys } from './judge-keys.js';
import { type ConfigReading, readConfig } from './read.js';
import { judgeDrivers } from './traps/drivers.js';
import { judgeKexts } from './traps/kexts.js';
import { judgeEffects, judgeExamples, judgeMedium } from './traps/others.js';
import { judgeSecurity } from './traps/security.js';

/** What OpenCore makes of a config.plist. */
export interface ConfigReport {
  /** No finding changes what OpenCore does. */
  readonly ok: boolean;
  /** In the order of the file. */
  readonly findings: readonly ConfigFinding[];
}

/**
 * Reads a config.plist the way OpenCore does and says where that is not what the file says, and what keeps it from starting our disks.
 * Never throws for what is in the file.
 */
export function checkConfig(bytes: Uint8Array, name: string, options: JudgeOptions = {}): ConfigReport {
  const reading = readConfig(bytes, name);
  const findings = placed(reading.text, [...reading.faults, ...judged(reading, options)]);
  return { ok: !findings.some(({ severity }) => severity === 'error'), findings };
}

/** Everything that is found in a configuration that can be read. */
export function judged({ text, config, places }: ConfigReading, options: JudgeOptions): readonly Note[] {
  if (!config) return [];
  const judge = new Judge(text, config, places, options);
  judgeKeys(judge);
  judgeSecurity(judge);
  judgeDrivers(judge);
  judgeKexts(judge);
  judgeExamples(judge);
  judgeEffects(judge);
  judgeMedium(judge);
  return judge.notes;
}

/** Lines and columns instead of characters. */
function placed(text: string, notes: readonly (Omit<Note, 'mend'> & { mend?: Mend; fix?: string })[]): ConfigFinding[] {
  const where = positions(Buffer.from(text));
  const sorted = [...notes].sort((a, b) => a.at - b.at);
  let offset = 0;
  let before = 0;
  return sorted.map(({ severity, code, at, message, key, mend, fix }) => {
    offset += Buffer.byteLength(text.slice(before, at));
    before = at;
    const does = mend?.does ?? fix;
    return {
      severity,
      code,
      ...where(offset),
      message,
      ...(key !== undefined && key !== '' && { key }),
      ...(does !== undefined && { fix: does }),
    };
  });
}
