import { basename } from 'node:path';
import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { BootOptions } from '../commands/boot.js';
import type { BuildOptions } from '../commands/build.js';
import { showBytes } from '../view-format.js';
import { planGuest, printGuest, startGuest } from './boot.js';

/** `osx-iso build`: plans, and builds unless only the plan is wanted. */
export async function build(typed: BuildOptions, context: Context): Promise<void> {
  const { espSize, ...rest } = typed;
  const options = { ...rest, ...(espSize !== undefined && { espSize: osx.parseSize(espSize, '--esp-size') }) };
  // Before anything is started: nobody inherits it.
  const environment = osx.takeFromEnvironment();
  const plan = await osx.planBuild({
    ...options,
    signal: context.signal,
    ...(context.choose && { choose: context.choose }),
    onRetry: (message) => context.remark(`${message} Trying again.`),
  });
  for (const note of [...plan.installer.notes, ...plan.output.notes, ...(plan.esp?.notes ?? [])]) context.remark(note);
  const guest = options.boot && (await guestOf(options.boot, plan, environment, context));
  if (options.dryRun) {
    try {
      printPlan(plan, context, plan.engine === 'hdiutil' ? await osx.hdiutilScript(plan) : []);
      if (guest) printGuest(guest, options.boot!, context);
    } finally {
      await osx.closePlan(plan);
    }
    return;
  }
  const journal = await osx.openJournal({ optional: plan.engine === 'native' });
  const scope = new osx.Scope(journal);
  context.holds(() => scope.pending());
  const emit: osx.Emit = (event) => context.emit(event);
  const given = { signal: context.signal, emit, scope, journal };
  const { iso, made, manifest, manifestPath, kept } = await osx.build(plan, options, given);
  const { source, facts } = manifest;
  const lines = [
    `${iso}`,
    `  ${source.release}, ${showBytes(manifest.iso.size)}, ${facts.checks.filter(({ severity }) => severity === undefined).length} checks passed`,
    `  sha256 ${manifest.iso.sha256}`,
    `  Described in ${basename(manifestPath)}. Attach it to QEMU as a disk (ide-hd), not as a CD.`,
    ...(manifest.boot.ways ?? []).map(
      ({ firmware, loader, command }) => `  By ${firmware.toUpperCase()}, with ${loader}: ${command}`,
    ),
    ...(source.remote ?? []).map(fetched),
    ...source.notes.filter((note) => !plan.installer.notes.includes(note)).map((note) => `  ${note}`),
  ];
  context.print(lines.join('\n'), { type: 'result', iso, manifest: manifestPath, made, ...manifest.iso, source });
  if (kept && 'error' in kept) throw kept.error;
  for (const { path } of kept?.files ?? []) context.remark(`Kept: ${path}`);
  if (guest) await startGuest(guest, options.boot!, context);
}

/** What reading a file over a network has cost. */
function fetched({ url, bytes, requests, retries }: NonNullable<osx.Manifest['source']['remote']>[number]): string {
  const again = retries === 0 ? '' : `, ${retries} of them again after a failure`;
  return `  Read ${showBytes(bytes)} in ${requests.toLocaleString('en-US')} requests${again}: ${url}`;
}

/** What could not be started is refused before anything is built. */
async function guestOf(
  options: BootOptions,
  plan: osx.BuildPlan,
  environment: ReturnType<typeof osx.takeFromEnvironment>,
  context: Context,
): Promise<osx.BootPlan> {
  try {
    const { version } = plan.installer;
    // The loader is on the ISO itself: what it is made of is no business of the guest's.
    const { opencore: _, efi: _efi, kext: _kext, config: _config, ocSet: _set, ...machine } = options;
    const iso = { file: plan.output.iso, version, uefi: plan.esp !== undefined };
    return await planGuest(machine, iso, environment, context);
  } catch (error) {
    await osx.closePlan(plan);
    throw error;
  }
}

function printPlan(plan: osx.BuildPlan, context: Context, script: readonly string[]): void {
  const { installer, output, steps, problems } = plan;
  const verb = Math.max(...steps.map((step) => step.verb.length));
  const row = ({ index, verb: name, args }: osx.StepInfo) =>
    `${String(index + 1).padStart(2)}  ${name.padEnd(verb)}  ${args.join('  ')}`;
  const scratch =
    plan.scratch === undefined ? 'no scratch space is needed' : `as much again for scratch files in ${plan.scratch}`;
  const lines = [
    `${installer.path}`,
    `  ${plan.release}, ${showBytes(installer.sizes.esd)}`,
    `would become ${output.iso}`,
    `  a raw disk with ${plan.mapTitle}`,
    `  at most ${showBytes(plan.spaceNeeded)}; ${showBytes(plan.spaceFree)} are free; ${scratch} (${plan.engine} engine)`,
    '',
    ...(script.length > 0 ? script : steps.map(row)),
    ...problems.flatMap(({ message, hint = '' }) => ['', `In the way: ${message}`, ...hint.split('\n')]),
  ];
  context.print(lines.join('\n'), {
    type: 'plan',
    source: installer.path,
    version: installer.version,
    build: installer.build,
    output: output.iso,
    engine: plan.engine,
    map: plan.map,
    spaceNeeded: plan.spaceNeeded,
    spaceFree: plan.spaceFree,
    steps,
    problems,
    ...(script.length > 0 && { script }),
  });
}
