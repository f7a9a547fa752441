/**
 * Says what a build would do, step by step, without doing it:
 *
 *     node examples/plan.ts "Install OS X Yosemite.app"
 */
import { build, closePlan, planBuild } from 'osx-iso';

const [app, go] = process.argv.slice(2);
if (app === undefined) throw new Error('usage: plan.ts INSTALLER [--go]');

const plan = await planBuild({ app, output: '{version}.iso' });
console.log(`${plan.release} would become ${plan.output.iso}, of at most ${plan.spaceNeeded} bytes.`);
for (const { verb, args } of plan.steps) console.log(verb, ...args);
for (const { message } of plan.problems) console.log(`In the way: ${message}`);

// Either one or the other: a build closes its plan itself.
if (go === '--go') await build(plan).result;
else await closePlan(plan);
