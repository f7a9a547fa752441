import type { Step } from '../core/step.js';
import { VerifyError } from '../errors.js';
import { openHostFile } from '../host/host-file.js';
import { verifyIso } from '../verify/index.js';
import { hostFile } from './places.js';

/** Opens the finished disk again, with nothing but its bytes, and proves it. VerifyError with every finding. */
export function verify(place: string): Step {
  return {
    verb: 'verify',
    title: 'Prove the ISO',
    says: 'Open the finished disk again and prove that it is whole and has all it needs to boot.',
    args: [place],
    async run(job) {
      const file = await openHostFile(hostFile(job, place), { noLink: true, signal: job.signal });
      try {
        const report = await verifyIso(file, {
          signal: job.signal,
          esp: job.options.esp !== undefined,
          report: (progress) => job.report(progress),
          provedOnTheWay: job.tool.provesOnTheWay ?? false,
        });
        job.record('verified', report);
        const failed = report.checks.filter((check) => !check.ok);
        if (failed.length > 0) {
          throw new VerifyError(
            `The finished ISO is not right:\n${failed.map(({ name, text }) => `  ${name}: ${text}`).join('\n')}`,
            'It was not kept. Run again with --keep-work to look at it, and please report this.',
          );
        }
        const warnings = report.checks.filter(({ severity }) => severity === 'warning');
        for (const { name, text } of warnings) job.note(`${name}: ${text}`);
        job.note(`${report.checks.length - warnings.length} checks passed`);
      } finally {
        await file.close();
      }
    },
  };
}
