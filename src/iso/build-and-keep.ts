import { type DownloadResult, download } from '../download/index.js';
import { type BuildContext, type BuildResult, build as buildIso } from './build.js';
import type { BuildOptions, BuildPlan } from './plan.js';

export interface Built extends BuildResult {
  /** With `save`: what was kept of an installer on a server, completed and proved; or why that failed. The ISO is good all the same. */
  readonly kept?: DownloadResult | { readonly error: unknown };
}

/**
 * Builds the ISO a plan describes, and with `save` completes what was kept on the way. Throws the run's error when it was not done; by
 * then everything is given back.
 */
export async function build(plan: BuildPlan, options: BuildOptions, context: BuildContext): Promise<Built> {
  const built = await buildIso(plan, options, context);
  const { app, buildNumber, save } = options;
  if (save === undefined || app === undefined || !plan.installer.remote) return built;
  const wanted = { what: app, output: save, ...(buildNumber !== undefined && { buildNumber }) };
  try {
    return { ...built, kept: await download(wanted, context) };
  } catch (error) {
    return { ...built, kept: { error } };
  }
}
